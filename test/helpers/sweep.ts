/** For one file: a Redis and a MinIO, and for each test a queue of its own that passes of the sweep look after. @module */
import { beforeAll } from 'vitest'
import type { FunctionDefinition } from '../../runtime/function/definition.ts'
import { createRouter } from '../../runtime/function/routing.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
import { createHistory } from '../../runtime/queue/history.ts'
import { createWatermark } from '../../runtime/records/watermark.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { newPass } from '../../runtime/upkeep/sweep/due.ts'
import { steps, type PassParts } from '../../runtime/upkeep/sweep/pass.ts'
import { createSweepStore, type Pass } from '../../runtime/queue/sweeps.ts'
import { createSweeper } from '../../runtime/upkeep/sweep/sweeper.ts'
import { useQueue } from './queue.ts'
import { useStore } from './store.ts'

const log = createLogger({ level: 'silent', format: 'json' })
const BODY = { contentType: 'text/plain' }

/** @param names - of functions that are set up */
export function useSweep(buckets: Parameters<typeof useStore>[0], names: readonly string[]) {
  const store = useStore(buckets)
  const used = Object.assign(useQueue(), { store, storage: {} as Storage })
  beforeAll(async () => {
    used.storage = store.storage
    for (const name of names) await createWatermark(used.storage, name)
  })

  const fullPass = async (prefix?: string): Promise<Pass> => {
    const request = { id: 'w', kind: 'full', ...(prefix && { prefix }) } as const
    return newPass('w', { kind: 'full', cause: 'request', request }, {}, 0, await used.queue.nowMs())
  }

  return Object.assign(used, {
    fullPass,

    put: async (bucket: string, key: string): Promise<string> => {
      await used.storage.put(bucket, key, { bytes: Buffer.from('x') }, BODY)
      return (await used.storage.head(bucket, key))?.versionId ?? ''
    },

    putAll: async (bucket: string, keys: readonly string[]): Promise<void> => {
      for (let at = 0; at < keys.length; at += 50) {
        const some = keys.slice(at, at + 50)
        await Promise.all(some.map((key) => used.storage.put(bucket, key, { bytes: Buffer.from('x') }, BODY)))
      }
    },

    partsOf: (functions: readonly FunctionDefinition[], rest: Partial<PassParts> = {}): PassParts => {
      const { queue, redis, storage } = used
      return {
        queue,
        storage,
        functions,
        router: createRouter(functions),
        history: createHistory(redis, queue.keys),
        graceMs: 0,
        paths: 2,
        recordTtlMs: 60_000,
        ...rest,
      }
    },

    runAll: async (parts: PassParts, pass: Pass): Promise<Pass> => {
      let last = pass
      for await (const step of steps(parts, pass)) last = step.pass
      return last
    },

    /** A process that sweeps, which by itself does so at its start only. */
    sweeperOf: (parts: PassParts, rest: { readonly lockMs?: number } = {}) => {
      const settings = { everyMs: 86_400_000, fullEveryMs: 86_400_000, graceMs: 0 }
      const metrics = createMetrics()
      return { metrics, ...createSweeper({ ...parts, redis: used.redis, settings, metrics, log, ...rest }) }
    },

    sweepStore: () => createSweepStore(used.redis, used.queue),

    /** How many runs of the function wait behind live uploads. */
    queued: (name: string) => used.redis.xlen(used.queue.keys.stream(name, 'low')),
  })
}
