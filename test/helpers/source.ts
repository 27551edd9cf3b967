/** A source on an object of a test's store, as an attempt has it. @module */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SourceObject } from '../../runtime/index.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { createRangeProxy, type RangeProxy } from '../../runtime/worker/source/proxy.ts'
import { createSource } from '../../runtime/worker/source/source.ts'
import type { AttemptSource, SourceParts } from '../../runtime/worker/source/object.ts'

export const silentLog = createLogger({ level: 'silent', format: 'json' })

export interface TestSource extends AttemptSource {
  readonly scratch: string
  /** Bytes handed out so far. */
  readonly givenBytes: () => number
}

export interface TestSources {
  readonly proxy: RangeProxy
  /** The version that is the latest now. Tools get a URL, however small it is. */
  open(storage: Storage, bucket: string, key: string, differences?: Partial<SourceParts>): Promise<TestSource>
  /** Closes all of them. */
  close(): Promise<void>
}

export function createTestSources(): TestSources {
  const proxy = createRangeProxy(silentLog)
  const opened: TestSource[] = []
  return {
    proxy,
    async open(storage, bucket, key, differences) {
      const scratch = await mkdtemp(join(tmpdir(), 'sluice-source-'))
      let givenBytes = 0
      const source = createSource({
        storage,
        object: await objectOf(storage, bucket, key),
        scratch: () => scratch,
        proxy,
        log: silentLog,
        signal: new AbortController().signal,
        onBytes: (count) => (givenBytes += count),
        room: () => Promise.resolve(),
        downloadBelowBytes: 0,
        ...differences,
      })
      const test = Object.assign(source, { scratch, givenBytes: () => givenBytes })
      opened.push(test)
      return test
    },
    async close() {
      for (const source of opened) {
        source.close()
        await rm(source.scratch, { recursive: true })
      }
      await proxy.close()
    },
  }
}

export async function objectOf(storage: Storage, bucket: string, key: string): Promise<SourceObject> {
  const head = await storage.head(bucket, key)
  if (!head) throw new Error(`nothing is stored at ${bucket}/${key}`)
  return { ...head, bucket, key, generation: head.versionId ?? head.etag }
}

/** An answer of which nothing is read before somebody asks for it. */
export async function beginAnswer(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage]
  response.on('error', () => undefined)
  return response
}
