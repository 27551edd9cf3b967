/** A connection that answers now or not at all. @module */
import { Redis } from 'ioredis'
import { SECOND_MS, stretched } from '../../time.ts'

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
