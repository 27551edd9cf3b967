/**
 * The one place that makes Redis clients. The settings are the results of experiments: `reference/reliability.md` section 3.
 * @module
 */
import { Redis } from 'ioredis'
import type { Logger } from '../telemetry/logger.ts'
import { SECOND_MS, stretched } from '../time.ts'

export type { Redis } from 'ioredis'

/**
 * `command`: everything short; a command whose reply is lost is sent again, so all our writes may be sent twice.
 * A connection that was cut without a word is given up by `socketTimeout`: no answer to a command for that long.
 * `block`: one blocking command at a time. `probe`: health, which wants an answer now or none.
 */
type RedisUse = 'command' | 'block' | 'probe'

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

/** The connection, or why there is none; no password is in that. */
export async function openRedis(url: string): Promise<{ redis: Redis | undefined; failure: string }> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectionName: 'sluice-doctor',
    // One try: a person waits.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: stretched(5 * SECOND_MS),
    commandTimeout: stretched(5 * SECOND_MS),
    // It asks INFO, which an account may not have: that is a finding by itself.
    enableReadyCheck: false,
  })
  // The command's own error says only that the connection is closed.
  const reasons: NodeJS.ErrnoException[] = []
  redis.on('error', (error: Error) => reasons.push(error))
  try {
    await redis.connect()
    await redis.ping()
    return { redis, failure: '' }
  } catch (error) {
    redis.disconnect()
    const reason =
      (error as Error).name === 'ReplyError' ? (error as Error) : (reasons.at(-1) ?? (error as Error))
    return { redis: undefined, failure: (reason as NodeJS.ErrnoException).code ?? reason.message }
  }
}

/** Most of these have neither a code nor a class in ioredis; those in capitals are answers of Redis itself. */
const REDIS_AWAY = [
  /^Connection is closed/,
  /^Command timed out/,
  /^Socket timeout/,
  /^Stream isn't writeable/,
  /^Reached the max retries per request/,
  /^(?:LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN) /,
]

/** Whether Redis did not answer, or cannot for a while; errors of the network itself have their own codes. */
export function isRedisAway({ message }: Error): boolean {
  return REDIS_AWAY.some((pattern) => pattern.test(message))
}

/** Whether Redis refuses a command for what it has stored or for the account's rights: asking again does not help. */
export function isRefusedByRedis({ name, message }: Error): boolean {
  // A full Redis refuses too, in these words or within them, and so does one that has too many clients.
  const isPassing = /\b(?:OOM|MISCONF)\b|max number of clients/.test(message)
  return name === 'ReplyError' && !isPassing && /^(?:WRONGTYPE|NOPERM|ERR) /.test(message)
}

/** Whether a key has a value of another type than the one that it is used as; in scripts the word is not the first one. */
export function isWrongType({ message }: Error): boolean {
  return /\bWRONGTYPE\b/.test(message)
}

/** Redis's clock: the only one that rules runs. */
export async function redisNowMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time()
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000)
}

/** In one call: about a millisecond of Redis, and only what matches is sent. */
const SCANNED_AT_ONCE = 5_000

/**
 * Members of a sorted set that begin with these letters.
 *
 * @param beginning - letters and digits alone: Redis reads other characters as patterns
 */
export async function membersBeginning(
  redis: Redis,
  key: string,
  beginning: string,
): Promise<readonly string[]> {
  const found = new Set<string>()
  let cursor = '0'
  do {
    const [next, flat] = await redis.zscan(key, cursor, 'MATCH', `${beginning}*`, 'COUNT', SCANNED_AT_ONCE)
    for (let at = 0; at < flat.length; at += 2) found.add(flat[at] as string)
    cursor = next
  } while (cursor !== '0')
  return [...found]
}
