/** One object version, read in four ways: as file, stream, bytes, or input of a tool. @module */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Source } from '../../function/source.ts'
import type { RangeProxy } from './proxy.ts'
import { createReader, type Keeping, type Reader, type ReaderParts } from './reader.ts'
import { streamOf, streamOfBytes } from './streams.ts'

/** A source with the parts that only its attempt needs. */
export interface AttemptSource extends Source {
  /** The error of a failed read, unless a later one delivered bytes. */
  readonly failure: Error | undefined
  /** The same for reads through the URL of {@link Source.input}, which a tool may not have noticed. */
  readonly unseenFailure: Error | undefined
  /** Ends all reads; every later call rejects. */
  close(): void
}

export interface SourceParts extends ReaderParts {
  /** All bytes, when the attempt has them already: then the store is not called again. */
  readonly content?: Buffer | undefined
  /** The path of the attempt's private folder. */
  readonly scratch: () => string
  readonly signal: AbortSignal
  readonly proxy: RangeProxy
  /** Resolves when few enough outputs are waiting for a tool to make more. */
  readonly room: (signal: AbortSignal) => Promise<void>
  /** Smaller objects are downloaded for a tool. @defaultValue 64 MiB */
  readonly downloadBelowBytes?: number | undefined
  /** Its name in the scratch folder. @defaultValue source */
  readonly fileName?: string
}

const STEP_BYTES = 256 * 1024
/** A copy on disk is faster while it is small, and seeking in it costs nothing. */
const DOWNLOAD_BELOW_BYTES = 64 * 1024 * 1024
/** For less a connection of its own, with TLS perhaps, costs more than it saves. */
const POURED_FROM_BYTES = 4 * 1024 * 1024

export type OpenSource = Omit<AttemptSource, 'manifest' | 'session' | 'open'>

export function openSource(parts: SourceParts): OpenSource {
  const {
    object,
    scratch,
    proxy,
    room,
    downloadBelowBytes = DOWNLOAD_BELOW_BYTES,
    fileName = 'source',
  } = parts
  const { sizeBytes } = object
  let life: { readonly ended: AbortSignal; readonly close: () => void } | undefined
  let isClosed = false
  /** Aborted when the source has ended. Created on the first read: signals cost more than all the rest of a source. */
  function ended(): AbortSignal {
    if (life) return life.ended
    const closed = new AbortController()
    const close = () => closed.abort(gone())
    life = { ended: AbortSignal.any([parts.signal, closed.signal]), close }
    if (isClosed) close()
    return life.ended
  }
  let downloaded: Promise<string> | undefined
  let served: Promise<string> | undefined
  const owns: Memory = {}
  const own = remembering(readerOf(parts, 'kept'), owns)
  const saved = remembering(readerOf(parts, 'passed-on'), owns)
  const tools = remembering(readerOf(parts, 'passed-on'))
  async function download(): Promise<string> {
    const path = join(scratch(), fileName)
    const file = await open(path, 'w', 0o600)
    try {
      const reader = sizeBytes < POURED_FROM_BYTES ? own : saved
      for await (const bytes of reader.read(0, sizeBytes - 1, ended())) await file.writeFile(bytes)
    } finally {
      await file.close()
    }
    return path
  }

  function file(): Promise<string> {
    downloaded ??= download()
    return downloaded
  }

  /** The last byte of a range. */
  function lastOf(start: number, count: number): number {
    if (!(start >= 0 && count >= 0)) throw new RangeError(`invalid range: ${count} bytes from ${start}`)
    return Math.min(start + count, sizeBytes) - 1
  }

  return {
    file,
    async stream() {
      const { content, onBytes, signal } = parts
      if (content) {
        return streamOfBytes(content, onBytes, () => {
          signal.throwIfAborted()
          if (isClosed) throw gone()
        })
      }
      ended().throwIfAborted()
      return streamOf((signal) => own.read(0, sizeBytes - 1, AbortSignal.any([ended(), signal])))
    },
    async *steps(start, count) {
      const end = lastOf(start, count)
      if (downloaded) yield* stepsOfFile(await downloaded, start, end, ended())
      else if (end >= start) yield* saved.read(start, end, ended())
    },
    async bytes(start, count) {
      const end = lastOf(start, count)
      if (downloaded) return readAt(await downloaded, start, end)
      const steps: Buffer[] = []
      for await (const step of own.read(start, end, ended())) steps.push(step)
      return Buffer.concat(steps)
    },
    input() {
      if (downloaded || sizeBytes < downloadBelowBytes) return file()
      served ??= proxy.serve({ sizeBytes, read: (...range) => tools.read(...range), room }, ended())
      return served
    },
    get failure() {
      return tools.failure ?? own.failure
    },
    get unseenFailure() {
      return tools.failure
    },
    close() {
      isClosed = true
      life?.close()
    },
  }
}

function readerOf(parts: SourceParts, keeping: Keeping): Reader {
  const { content, onBytes } = parts
  if (!content) return createReader(parts, keeping)
  return {
    // eslint-disable-next-line typescript/require-await -- as all readers are
    async *read(start, end, signal) {
      signal.throwIfAborted()
      const bytes = content.subarray(start, end + 1)
      if (bytes.length === 0) return
      onBytes(bytes.length)
      yield bytes
    },
  }
}

/** Of readers whose later reads make up for each other's errors. */
interface Memory {
  failure?: Error | undefined
}

/** A reader that remembers its error. An aborted read does not count as one. */
function remembering(reader: Reader, memory: Memory = {}): Reader & { readonly failure: Error | undefined } {
  return {
    get failure() {
      return memory.failure
    },
    async *read(start, end, signal) {
      const before = memory.failure
      try {
        for await (const bytes of reader.read(start, end, signal)) {
          // A tool may retry by itself. This read makes up for earlier errors only, not for those since it started.
          if (memory.failure === before) memory.failure = undefined
          yield bytes
        }
      } catch (error) {
        if (!signal.aborted && error instanceof Error) memory.failure = error
        throw error
      }
    },
  }
}

async function readAt(path: string, start: number, end: number): Promise<Buffer> {
  const handle = await open(path)
  try {
    const bytes = Buffer.alloc(Math.max(0, end - start + 1))
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** In one buffer. */
async function* stepsOfFile(
  path: string,
  start: number,
  end: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const handle = await open(path)
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(STEP_BYTES, end - start + 1)))
    for (let at = start; at <= end;) {
      signal.throwIfAborted()
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at + 1), at)
      if (bytesRead === 0) return
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

const gone = () => new Error('its attempt has ended')
