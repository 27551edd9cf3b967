/**
 * A receiver in the process of the test, beside the stack's own: its door `PUT`, its engine and its FFmpegs. What it sees of its disk
 * is the test's affair.
 * @module
 */
import { reception as media } from '../../../functions/reception/reception.ts'
import { freePort } from '../../../infra/local/settings/ports.ts'
import { createKeys } from '../../../runtime/queue/keys.ts'
import { connectRedis } from '../../../runtime/queue/redis.ts'
import { createStreamStore } from '../../../runtime/queue/streams.ts'
import { openDoors } from '../../../runtime/reception/doors/doors.ts'
import { startReception, type ReceptionOptions } from '../../../runtime/reception/reception.ts'
import { loadConfig } from '../../../runtime/settings/config.ts'
import type { TestStack } from '../stack.ts'
import { silent } from './engine.ts'

export interface NearReceiver {
  readonly port: number
  stop(): Promise<void>
}

export async function startNearReceiver(
  stack: Pick<TestStack, 'env' | 'storage' | 'redisUrl'>,
  spoolDir: string,
  disk: ReceptionOptions['disk'],
): Promise<NearReceiver> {
  const { leaseMs, streams, tokens } = loadConfig(
    Object.fromEntries(
      Object.entries(stack.env).filter(([name]) => /^(?:SLUICE_|MINIO_|REDIS_URL$)/.test(name)),
    ),
  )
  const port = await freePort()
  const settings = { ...streams, spoolDir, port, rtmpPort: 0, srt: [] }
  const redis = connectRedis(stack.redisUrl, 'command', silent)
  const store = createStreamStore(redis, createKeys('sluice'), leaseMs)
  const shared = { store, media, settings, log: silent }
  const reception = await startReception({ ...shared, storage: stack.storage, ...(disk && { disk }) })
  const doors = await openDoors({
    ...shared,
    reception,
    tokens,
    onRefused: () => undefined,
    readiness: () => Promise.resolve([]),
  })
  return {
    port,
    async stop() {
      await doors.close()
      await reception.drain(0)
      await doors.closeAll()
      redis.disconnect()
    },
  }
}
