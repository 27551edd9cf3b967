/** The janitor with ages that a test can wait for. @module */
import type { Redis } from 'ioredis'
import type { FunctionDefinition } from '../../runtime/function/definition.ts'
import { createJanitor, type JanitorParts } from '../../runtime/upkeep/janitor/janitor.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { startAtZero } from '../../runtime/process/zero-metrics.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
import type { Queue } from '../../runtime/queue/queue.ts'
import type { Storage } from '../../runtime/storage/storage.ts'

export interface TestJanitorOptions extends Partial<Pick<JanitorParts, 'ages' | 'rowsAtOnce'>> {
  readonly redis: Redis
  readonly queue: Queue
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
}

/** A janitor process; by default it treats everything as old. */
export function createTestJanitor(options: TestJanitorOptions) {
  const { redis, queue, functions } = options
  const metrics = createMetrics()
  startAtZero(
    metrics,
    functions.map(({ name }) => name),
  )
  const janitor = createJanitor({
    ages: { folderMs: 0, slackMs: 0 },
    ...options,
    functions: functions.map((definition) => ({ ...definition, timeoutMs: 0 })),
    metrics,
    log: createLogger({ level: 'silent', format: 'json' }),
  })
  return {
    step: () => janitor.step(),
    /** One complete round over the buckets, from the start, whichever process has the lock; returns the number of steps. */
    async round(): Promise<number> {
      await redis.del(queue.keys.janitor, queue.keys.lock('janitor'))
      for (let steps = 1; ; steps++) {
        await janitor.step()
        if ((await redis.hget(queue.keys.janitor, 'restsUntil')) !== null) return steps
      }
    },
    async removed(what: string): Promise<number> {
      const { values } = await metrics.janitorRemoved.get()
      return values.find(({ labels }) => labels.what === what)?.value ?? NaN
    },
  }
}
