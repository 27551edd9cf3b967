/**
 * {@link Output} of one attempt: its files go to a folder that nobody else writes to, each as soon as it is passed.
 * Readers see none of them before the commit.
 * @module
 */
import { rm } from 'node:fs/promises'
import { PermanentError } from '../errors.ts'
import type { PutBody, Storage } from '../storage/storage.ts'
import { openRegularFile } from '../storage/regular-file.ts'
import { reached } from '../telemetry/steps.ts'
import { attemptFolder, fileKey, pointerKey, type ResultPlace } from './layout.ts'
import type { Manifest } from './manifest.ts'
import type { Output, OutputFacts, OutputFile } from './output.ts'
import { beginSending, NO_FILES, type Sending } from './sending.ts'

/** The attempt's part of the manifest. `files` has the chunks in order, then the other files by key. */
export type OutputResult = Readonly<
  Pick<Manifest, 'files' | 'pointers' | 'totals' | 'tools' | 'warnings' | 'probe'>
>

/** The result of an attempt whose handler never asked for its output. */
export const NOTHING_WRITTEN: OutputResult = { files: [], pointers: {}, totals: {}, tools: {}, warnings: [] }

export interface AttemptOutput extends Output {
  /**
   * Waits until everything is sent; every later call rejects.
   *
   * @throws the first error of any upload, also of one that was not awaited
   */
  close(): Promise<OutputResult>
  /**
   * Resolves as soon as at most `count` files are waiting.
   *
   * @throws the reason of `signal` when that is aborted first
   */
  waitingAtMost(count: number, signal: AbortSignal): Promise<void>
  /** Aborts uploads in progress; every later call rejects. Never throws. */
  abandon(reason: Error): Promise<void>
}

export interface AttemptOutputOptions {
  readonly storage: Storage
  readonly place: ResultPlace
  /** A ULID. */
  readonly attempt: string
  readonly signal?: AbortSignal
  /** Called with the number of bytes as they are sent: a sign of life. */
  readonly onBytes?: (count: number) => void
}

/** Of one result: `chunk` has the same limit. */
const MAX_FILES = 20_000
/** A pointer is copied through memory; larger files are found through the manifest. */
const POINTER_MAX_BYTES = 64 * 1024 * 1024

export function createAttemptOutput(options: AttemptOutputOptions): AttemptOutput {
  const { storage, place, attempt } = options
  let claimed = 0
  let begun: Sending | undefined
  const sending = () => (begun ??= beginSending(options.signal))
  let facts: OutputFacts = {}
  let closedBecause: string | undefined
  let abandonedBecause: Error | undefined
  let failure: { readonly error: unknown } | undefined

  function assertOpen(): void {
    if (closedBecause) throw new Error(`this attempt can write nothing more: ${closedBecause}`)
  }

  /** Claims the file's names before anything is sent, so that of two files with one name the second is refused. */
  function claimNames(file: Omit<OutputFile, 'path' | 'contentType'>): string {
    assertOpen()
    const { keys, pointers } = sending()
    const key = fileKey(place, attempt, file.name)
    const pointer = file.pointer === undefined ? undefined : pointerKey(place, file.pointer)
    for (const name of [key, ...(pointer === undefined ? [] : [pointer])]) {
      if (keys.has(name)) {
        throw new PermanentError(
          `${JSON.stringify(name)} was written twice by one attempt; names must differ`,
        )
      }
    }
    if (++claimed > MAX_FILES)
      throw new PermanentError(
        `a result may have ${MAX_FILES.toLocaleString('en')} files, since its manifest lists each: make fewer or longer ones`,
      )
    keys.add(key)
    if (pointer !== undefined && file.pointer !== undefined) {
      keys.add(pointer)
      pointers[file.pointer] = key
    }
    return key
  }

  async function send(file: Omit<OutputFile, 'path'>, body: () => Promise<PutBody>): Promise<void> {
    const key = claimNames(file)
    const { uploads, files, signal } = sending()
    await uploads.step(async () => {
      signal.throwIfAborted()
      const found = await body()
      const bytes = 'path' in found ? found.sizeBytes : found.bytes.length
      if (file.pointer !== undefined && bytes > POINTER_MAX_BYTES) {
        throw new PermanentError(
          `${JSON.stringify(file.name)} has ${bytes} bytes; a file with a pointer may have ${POINTER_MAX_BYTES}`,
        )
      }
      reached('file-sending', key)
      const { sha256Hex: sha256 } = await storage.put(place.bucket, key, found, {
        contentType: file.contentType,
        // The folder of an attempt is written once.
        caching: 'immutable',
        ifNoneMatch: '*',
        signal,
        onBytes: options.onBytes,
      })
      reached('file-sent', key)
      if ('path' in found) await rm(found.path, { force: true })
      const { role, contentType, group, media } = file
      const facts = { ...file.chunk, ...(group !== undefined && { group }), ...(media && { media }) }
      files.push({ key, role, contentType, bytes, sha256, ...facts })
    })
  }

  /** Remembers the upload and its failure, so that the error of an upload that is not awaited is not lost. */
  function track(work: Promise<void>): Promise<void> {
    const { pending, onFewer } = sending()
    pending.add(work)
    const ended = () => {
      pending.delete(work)
      for (const look of onFewer) look()
    }
    work.then(ended, (error: unknown) => {
      failure ??= { error }
      ended()
    })
    return work
  }

  return {
    folder: attemptFolder({ folder: '' }, attempt),
    upload: (file) => track(send(file, () => fileBody(file.path))),
    json: (value, file) =>
      track(
        send({ ...file, contentType: 'application/json' }, () =>
          Promise.resolve({ bytes: Buffer.from(`${JSON.stringify(value, null, 2)}\n`) }),
        ),
      ),
    describe(more) {
      assertOpen()
      facts = {
        ...facts,
        ...more,
        totals: { ...facts.totals, ...more.totals },
        tools: { ...facts.tools, ...more.tools },
        warnings: [...(facts.warnings ?? []), ...(more.warnings ?? [])],
      }
    },
    get waiting() {
      return begun?.pending.size ?? 0
    },
    async waitingAtMost(count, signal) {
      if (!begun || begun.pending.size <= count) return
      const { pending, onFewer } = begun
      let look = () => {}
      try {
        await new Promise<void>((resolve, reject) => {
          look = () => {
            if (signal.aborted) reject(signal.reason as Error)
            else if (pending.size <= count) resolve()
          }
          onFewer.add(look)
          signal.addEventListener('abort', look)
          look()
        })
      } finally {
        onFewer.delete(look)
        signal.removeEventListener('abort', look)
      }
    },
    async close() {
      closedBecause ??= 'its handler has returned'
      if (begun) await Promise.allSettled(begun.pending)
      begun?.letGo()
      if (failure) throw failure.error
      options.signal?.throwIfAborted()
      if (abandonedBecause) throw abandonedBecause
      const { probe, totals, tools, warnings = [] } = facts
      const { files, pointers } = begun ?? NO_FILES
      return {
        files: files.toSorted((a, b) => placeIn(a) - placeIn(b) || (a.key < b.key ? -1 : 1)),
        pointers: { ...pointers },
        totals: { ...totals },
        tools: { ...tools },
        warnings: [...warnings],
        ...(probe === undefined ? {} : { probe }),
      }
    },
    async abandon(reason) {
      closedBecause ??= reason.message
      abandonedBecause = reason
      begun?.abandoned.abort(reason)
      if (begun) await Promise.allSettled(begun.pending)
      begun?.letGo()
    },
  }
}

/** Groups of segments are ordered by their keys. */
function placeIn({ index, group }: Manifest['files'][number]): number {
  return group === undefined ? (index ?? Infinity) : Infinity
}

async function fileBody(path: string): Promise<PutBody> {
  const file = await openRegularFile(path)
  try {
    return { path, sizeBytes: (await file.stat()).size }
  } finally {
    await file.close()
  }
}
