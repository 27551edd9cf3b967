/**
 * Redis connections for three uses. The settings are experiments' results: `reference/reliability.md` section 3.
 * @module
 */
import { Redis } from 'ioredis'
import type { Logger } from '../telemetry/logger.ts'

export type { Redis } from 'ioredis'

/**
 * `command`: everything short; a command whose reply is lost is sent again, so all our writes may be sent twice.
 * A connection that was cut without a word is given up by `socketTimeout`: no answer to a command for that long.
 * `block`: one blocking command at a time. `probe`: health, which wants an answer now or none.
 */
export type RedisUse = 'command' | 'block' | 'probe'

const SETTINGS = {
  command: { maxRetriesPerRequest: 3, commandTimeout: 5_000, socketTimeout: 10_000 },
  block: { maxRetriesPerRequest: null, blockingTimeout: 5_000, socketTimeout: 15_000 },
  probe: { maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: 1_000, socketTimeout: 3_000 },
} as const

export function connectRedis(url: string, use: RedisUse, log: Logger): Redis {
  const redis = new Redis(url, {
    ...SETTINGS[use],
    connectionName: `sluice-${use}`,
    // It would name the library to Redis 7.2, whose users of Redis 7.0 cannot be given the right to.
    disableClientInfo: true,
    // A primary that became a replica: our writes may be sent twice, so connect again and repeat.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  })
  let isDown = false
  redis.on('error', (error: Error) => {
    if (!isDown)
      log.warn(
        { use, error: error.message || (error as NodeJS.ErrnoException).code },
        'redis is away, connecting again',
      )
    isDown = true
  })
  redis.on('ready', () => {
    if (isDown) log.info({ use }, 'redis is back')
    isDown = false
  })
  return redis
}

/** Redis's clock: the only one that rules runs. */
export async function redisNowMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time()
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
}
