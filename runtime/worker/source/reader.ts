/**
 * Reads ranges of one object version, whatever becomes of single connections: what broke off goes on at the byte it had
 * reached. All ways to a source are made of it.
 * @module
 */
import pRetry from 'p-retry'
import { messageOf } from '../../errors.ts'
import type { SourceObject } from '../../function.ts'
import type { Logger } from '../../logger.ts'
import { isStorageCode, StorageError } from '../../storage/errors.ts'
import type { Storage } from '../../storage/storage.ts'
import { SECOND_MS } from '../../time.ts'

/** The version was removed while the attempt ran. */
export class SourceGoneError extends Error {
  override readonly name = 'SourceGoneError'
}

/** Another version has taken the place of this one on a bucket without versions. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError'
}

export interface ReaderParts {
  readonly storage: Storage
  readonly object: SourceObject
  /** Told of bytes as they are handed out, and with 0 when the store was tried in vain: that is no stalled handler. */
  readonly onBytes: (count: number) => void
  readonly log: Logger
  /** For how long a store that gives not a byte is tried again. @defaultValue 40_000 */
  readonly patienceMs?: number | undefined
}

export interface Reader {
  /**
   * The bytes from `start` to `end`, both included and inside the object. Nothing is asked of the store before the first is
   * wanted; whoever leaves early closes the connection, and so does `signal`, also while a byte is awaited.
   *
   * @throws {SourceGoneError} {@link SupersededError}
   * @throws {StorageError} any other refusal, or a fault that did not pass in time
   */
  read(start: number, end: number, signal: AbortSignal): AsyncGenerator<Buffer, void, void>
}

/** Outages of half a minute go unnoticed; a longer one ends the attempt before it counts as stalled. */
const PATIENCE_MS = 40 * SECOND_MS

interface Opened {
  /** Taken while opening: a connection that dies before it brings anything was no success. */
  readonly first: IteratorResult<Buffer, void>
  readonly rest: AsyncIterator<Buffer, void>
}

export function createReader(parts: ReaderParts): Reader {
  const { storage, object, onBytes, log, patienceMs = PATIENCE_MS } = parts
  const { bucket, key, versionId, etag } = object
  const pin = versionId === undefined ? { ifMatch: etag } : { versionId }

  async function openOnce(start: number, end: number, signal: AbortSignal): Promise<Opened> {
    const { body } = await storage.get(bucket, key, { ...pin, range: { start, end }, signal })
    const rest = body[Symbol.asyncIterator]() as AsyncIterator<Buffer, void>
    return { first: await rest.next(), rest }
  }

  /** Tries until a first byte is here. `late` ends a try that hangs; it is the connection's signal, and is let go after it. */
  async function open(start: number, end: number, signal: AbortSignal): Promise<Opened> {
    const late = new AbortController()
    let fault: unknown = new StorageError(`the store gave nothing for ${patienceMs} ms`, {
      code: 'ETIMEDOUT',
    })
    const timer = setTimeout(() => late.abort(fault), patienceMs)
    const either = AbortSignal.any([signal, late.signal])
    try {
      return await pRetry(() => openOnce(start, end, either), {
        retries: Infinity,
        minTimeout: 200,
        maxTimeout: 3 * SECOND_MS,
        randomize: true,
        signal: either,
        shouldRetry: ({ error }) => isPassing(error),
        onFailedAttempt({ error }) {
          if (!isPassing(error)) return
          fault = error
          onBytes(0)
          log.debug({ error: error.message, start }, 'the source could not be read; it is tried again')
        },
      })
    } catch (error) {
      throw late.signal.aborted && !signal.aborted ? fault : error
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async *read(start, end, signal) {
      for (let at = start; at <= end;) {
        const { first, rest } = await open(at, end, signal).catch((error: unknown) => {
          throw meaningOf(error)
        })
        try {
          for (let next = first; !next.done; next = await rest.next()) {
            at += next.value.length
            onBytes(next.value.length)
            yield next.value
          }
          if (at <= end) throw new StorageError(`the store ended at byte ${at}`, { code: 'IncompleteBody' })
        } catch (error) {
          if (signal.aborted || !isPassing(error)) throw error
          onBytes(0)
          log.info({ error: messageOf(error), at }, 'the source broke off; reading goes on where it was')
        } finally {
          await rest.return?.()
        }
      }
    },
  }
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
