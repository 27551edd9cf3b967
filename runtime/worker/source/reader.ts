/**
 * Reads ranges of one object version across lost connections: reading resumes at the byte it had reached. All ways to read a
 * source use it.
 * @module
 */
import pRetry from 'p-retry'
import { messageOf } from '../../errors.ts'
import type { SourceObject } from '../../function/source.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { isStorageCode, StorageError } from '../../storage/errors.ts'
import type { Poured, Storage } from '../../storage/storage.ts'
import { SECOND_MS, sleep } from '../../time.ts'

/** The version was removed while the attempt ran. */
export class SourceGoneError extends Error {
  override readonly name = 'SourceGoneError'
}

/** Another upload has replaced this version in a bucket without versions. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError'
}

export interface ReaderParts {
  readonly storage: Storage
  readonly object: SourceObject
  /** Called with the number of bytes as they are delivered, and with 0 after a failed attempt at the store, which is not a stalled handler. */
  readonly onBytes: (count: number) => void
  readonly log: Logger
  /** How long a store that delivers less than 1 MiB is retried; only time spent on connecting counts. @defaultValue 40_000 */
  readonly patienceMs?: number | undefined
}

/** Whether the caller keeps a step, or passes it on before it requests the next one, so that one buffer suffices. */
export type Keeping = 'kept' | 'passed-on'

export interface Reader {
  /**
   * The bytes from `start` to `end`, both included and inside the object. The store is not called before the first byte is
   * requested; leaving the loop early closes the connection, and so does `signal`, also while a byte is awaited.
   *
   * @throws {SourceGoneError} {@link SupersededError}
   * @throws {StorageError} any other refusal, or an error that lasted too long
   */
  read(start: number, end: number, signal: AbortSignal): AsyncGenerator<Buffer, void, void>
}

/** Outages of half a minute go unnoticed; a longer one ends the attempt before it counts as stalled. */
const PATIENCE_MS = 40 * SECOND_MS
/** After this many bytes the store has recovered: a few bytes per connection do not restart the patience. */
const TRUSTED_BYTES = 1024 * 1024
const [MIN_DELAY_MS, MAX_DELAY_MS] = [200, 3 * SECOND_MS]

interface Opened {
  /** Read while opening: a connection that is lost before its first byte does not count as opened. */
  readonly first: IteratorResult<Buffer, void>
  readonly rest: AsyncIterator<Buffer, void>
}

/** The failures since the store last counted as recovered. */
interface Trouble {
  /** Lost connections. */
  readonly breaks: number
  /** The rest of the patience. */
  readonly leftMs: number
  /** The error to throw when the patience ends; undefined when the store has only been silent. */
  readonly failure: unknown
}

export function createReader(parts: ReaderParts, keeping: Keeping = 'kept'): Reader {
  const { storage, object, onBytes, log, patienceMs = PATIENCE_MS } = parts
  const { bucket, key, versionId, etag, sizeBytes } = object
  const pin = versionId === undefined ? { ifMatch: etag } : { versionId }
  const noTrouble: Trouble = { breaks: 0, leftMs: patienceMs, failure: undefined }

  const ask: Storage['pour'] = (...call) =>
    keeping === 'passed-on' ? storage.pour(...call) : getSteps(...call)

  async function getSteps(...call: Parameters<Storage['pour']>): Promise<Poured> {
    const { head, body } = await storage.get(...call)
    return { head, steps: body[Symbol.asyncIterator]() as AsyncIterator<Buffer, void> }
  }

  async function openOnce(start: number, end: number, signal: AbortSignal): Promise<Opened> {
    const { head, steps: rest } = await ask(bucket, key, { ...pin, range: { start, end }, signal })
    if (head.sizeBytes !== sizeBytes) {
      await rest.return?.()
      throw wrongRange(`the source has ${sizeBytes} bytes, and the store sent a part of ${head.sizeBytes}`)
    }
    return { first: await rest.next(), rest }
  }

  /** Retries until the first byte arrives. `late` ends an attempt that hangs. */
  async function open(start: number, end: number, trouble: Trouble, signal: AbortSignal): Promise<Opened> {
    const late = new AbortController()
    let failure = trouble.failure ?? gaveNothing(patienceMs)
    const timer = setTimeout(() => late.abort(failure), Math.max(0, trouble.leftMs))
    const either = AbortSignal.any([signal, late.signal])
    try {
      await sleep(delayAfter(trouble.breaks), either)
      return await pRetry(() => openOnce(start, end, either), {
        retries: Infinity,
        minTimeout: MIN_DELAY_MS,
        maxTimeout: MAX_DELAY_MS,
        randomize: true,
        signal: either,
        shouldRetry: ({ error }) => isPassing(error),
        onFailedAttempt({ error }) {
          if (!isPassing(error)) return
          failure = error
          onBytes(0)
          log.debug({ error: error.message, start }, 'could not read the source; retrying')
        },
      })
    } catch (error) {
      throw late.signal.aborted && !signal.aborted ? failure : error
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async *read(start, end, signal) {
      let trouble = noTrouble
      let trustedAt = start
      for (let at = start; at <= end;) {
        const openedMs = performance.now()
        const { first, rest } = await open(at, end, trouble, signal).catch((error: unknown) => {
          throw meaningOf(error)
        })
        trouble = { ...trouble, leftMs: trouble.leftMs - (performance.now() - openedMs) }
        try {
          for (let next = first; !next.done; next = await rest.next()) {
            at += next.value.length
            if (at > end + 1) throw wrongRange(`the store sent more than the bytes ${start}-${end}`)
            if (at - trustedAt >= TRUSTED_BYTES) {
              trustedAt = at
              trouble = noTrouble
            }
            onBytes(next.value.length)
            yield next.value
          }
          if (at <= end)
            throw new StorageError(`the response ended at byte ${at}`, { code: 'IncompleteBody' })
        } catch (error) {
          if (signal.aborted || !isPassing(error)) throw error
          trouble = { ...trouble, breaks: trouble.breaks + 1, failure: error }
          onBytes(0)
          log.info({ error: messageOf(error), at }, 'source connection lost; resuming at the same byte')
        } finally {
          await rest.return?.()
        }
      }
    },
  }
}

/** 0 before the first connection; then the delays of p-retry. */
function delayAfter(breaks: number): number {
  if (breaks === 0) return 0
  return Math.min(MIN_DELAY_MS * 2 ** (breaks - 1) * (1 + Math.random()), MAX_DELAY_MS)
}

function gaveNothing(patienceMs: number): StorageError {
  return new StorageError(`the store sent no data for ${patienceMs} ms`, { code: 'ETIMEDOUT' })
}

function wrongRange(message: string): StorageError {
  return new StorageError(message, { code: 'WrongRange' })
}

function isPassing(error: unknown): boolean {
  return error instanceof StorageError && error.isPassing
}

function meaningOf(error: unknown): unknown {
  if (isStorageCode(error, 'NoSuchKey', 'NoSuchVersion')) {
    return new SourceGoneError('the source was removed while the attempt ran', { cause: error })
  }
  if (isStorageCode(error, 'PreconditionFailed')) {
    return new SupersededError('the source was overwritten while the attempt ran', { cause: error })
  }
  return error
}
