/** A local file as an attempt's source: copied into scratch as small objects are, or behind the real range proxy. @module */
import { createReadStream } from 'node:fs'
import { copyFile, open, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Source } from '../../runtime/index.ts'
import { parseSessionRecord } from '../../runtime/reception/session/session-record.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createRangeProxy } from '../../runtime/worker/source/proxy.ts'

export interface LocalSource extends Source {
  /** How many ranges were asked of the proxy. */
  readonly requests: () => number
  close(): Promise<void>
}

export interface LocalSourceOptions {
  readonly input: 'file' | 'url'
  readonly scratch: string
  /** The brake of the proxy. */
  readonly room: () => Promise<void>
  /** From this byte on the store gives nothing. @defaultValue it gives all */
  readonly breaksAtByte?: number | undefined
}

export function localSource(
  path: string,
  { input, scratch, room, breaksAtByte = Infinity }: LocalSourceOptions,
): LocalSource {
  const proxy = createRangeProxy(createLogger({ level: 'silent', format: 'json' }))
  const ended = new AbortController()
  let requests = 0

  async function* read(start: number, end: number, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    requests++
    if (start < breaksAtByte) {
      const last = Math.min(end, breaksAtByte - 1)
      yield* createReadStream(path, { start, end: last, signal }) as AsyncIterable<Buffer>
    }
    if (end >= breaksAtByte) throw new Error('the store is away')
  }

  const file = async () => {
    await copyFile(path, join(scratch, 'source'))
    return join(scratch, 'source')
  }
  return {
    file,
    stream: () => Promise.resolve(createReadStream(path)),
    async *steps(start, count) {
      // As large as those from a store.
      const buffer = Buffer.allocUnsafeSlow(256 * 1024)
      const handle = await open(path)
      try {
        for (let at = start; at < Math.min(start + count, breaksAtByte);) {
          const most = Math.min(buffer.length, start + count - at, breaksAtByte - at)
          const { bytesRead } = await handle.read(buffer, 0, most, at)
          if (bytesRead === 0) return
          at += bytesRead
          yield buffer.subarray(0, bytesRead)
        }
      } finally {
        await handle.close()
      }
      if (start + count > breaksAtByte) throw new Error('the store is away')
    },
    async bytes(start, count) {
      const handle = await open(path)
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, start)
      await handle.close()
      return buffer.subarray(0, bytesRead)
    },
    input:
      input === 'file'
        ? file
        : async () => proxy.serve({ sizeBytes: (await stat(path)).size, read, room }, ended.signal),
    manifest: () => Promise.reject(new Error('a local file is not a manifest')),
    async session() {
      const record = parseSessionRecord(await readFile(path, 'utf8'))
      if (!record) throw new Error(`${path} is not the record of a session`)
      return record
    },
    // The pieces are beside their record.
    open: ({ key }) =>
      Promise.resolve(localSource(join(dirname(path), basename(key)), { input, scratch, room })),
    requests: () => requests,
    async close() {
      ended.abort()
      await proxy.close()
    },
  }
}
