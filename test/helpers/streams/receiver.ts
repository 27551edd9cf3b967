/** A runtime that receives streams and runs no functions, for one test file of the doors; its film, keys and streams. @module */
import { afterAll, beforeAll } from 'vitest'
import { createKeys } from '../../../runtime/queue/keys.ts'
import { connectRedis } from '../../../runtime/queue/redis.ts'
import { createKey } from '../../../runtime/queue/stream-records.ts'
import { createStreamStore, type StreamStore } from '../../../runtime/queue/streams.ts'
import { createStreamRecords, type StreamRecords } from '../../../runtime/records/streams.ts'
import { createLogger } from '../../../runtime/telemetry/logger.ts'
import { listed } from '../listed.ts'
import { startTestStack, type TestStack } from '../stack.ts'
import { waitFor } from '../wait.ts'
import { makeReference, type Reference } from './reference.ts'

export interface UsedReceiver {
  readonly stack: TestStack
  readonly film: Reference
  readonly httpPort: number
  readonly rtmpPort: number
  /** Of a key that is good for every stream. */
  readonly secret: string
  readonly store: StreamStore
  readonly records: StreamRecords
  /** Of everything that the buckets have of a stream. */
  keysOf(name: string): Promise<readonly string[]>
  isLive(name: string): Promise<void>
  /** Its session has ended, and the buckets have all that they will have. */
  ended(name: string): Promise<void>
}

/** Read the fields inside tests. @param seconds - of the film */
export function useReceiver(env: Readonly<Record<string, string>> = {}, seconds = 12): UsedReceiver {
  const used = {} as Omit<UsedReceiver, 'keysOf' | 'isLive' | 'ended'>
  const log = createLogger({ level: 'silent', format: 'text' })
  let close = () => {}
  let starting: Promise<TestStack> | undefined
  beforeAll(async () => {
    starting = startTestStack({
      env: { SLUICE_ROLES: 'api,intake,streams', SLUICE_STREAMS_SECONDS: '2', ...env },
    })
    const stack = await starting
    const film = await makeReference(stack.dir, seconds)
    const redis = connectRedis(stack.redisUrl, 'command', log)
    close = () => redis.disconnect()
    const store = createStreamStore(redis, createKeys('sluice'), 30_000)
    const records = createStreamRecords(stack.storage, store, log)
    const { key, secret } = createKey(Date.now())
    await records.change('*', ({ keys }) => ({ keys: [...keys, key] }))
    const [httpPort, rtmpPort] = ['SLUICE_STREAMS_PORT', 'SLUICE_RTMP_PORT'].map((name) =>
      Number(stack.env[name]),
    )
    Object.assign(used, { stack, film, httpPort, rtmpPort, secret, store, records })
    await waitFor(
      async () => (await fetch(`http://127.0.0.1:${httpPort}/readyz`).catch(() => undefined))?.ok,
      {
        timeoutMs: 180_000,
        what: 'the receiver',
      },
    )
  })
  afterAll(async () => {
    close()
    await (await starting?.catch(() => undefined))?.stop()
  })

  const reaches = (name: string, state: string) =>
    waitFor(async () => (await used.store.read(name))?.state === state, {
      timeoutMs: 60_000,
      what: `the stream ${name} to be ${state}`,
    })
  return Object.assign(used, {
    async keysOf(name: string) {
      const prefix = `streams/${name}/`
      const [pieces, results] = await Promise.all(
        ['incoming', 'processed'].map((bucket) => listed(used.stack.storage.list(bucket, { prefix }))),
      )
      return [...(pieces ?? []), ...(results ?? [])].map(({ key }) => key)
    },
    isLive: async (name: string) => void (await reaches(name, 'live')),
    ended: async (name: string) => void (await reaches(name, 'ended')),
  })
}
