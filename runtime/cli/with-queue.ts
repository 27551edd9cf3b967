/** The queue for one command: connected, asked, and left again. @module */
import type { Config } from '../config.ts'
import { createLogger } from '../logger.ts'
import { createQueue, type Queue } from '../queue/queue.ts'
import { connectRedis } from '../queue/redis.ts'

/** A server does not answer; the command ends with exit code 3. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

/** @throws {UnreachableError} when Redis does not answer */
export async function withQueue<T>(config: Config, use: (queue: Queue) => Promise<T>): Promise<T> {
  const redis = connectRedis(
    config.redisUrl,
    'command',
    createLogger({ level: 'silent', format: config.logFormat }),
  )
  // The command's own error says only that its retries were in vain.
  const reasons: NodeJS.ErrnoException[] = []
  redis.on('error', (error: Error) => reasons.push(error))
  try {
    await redis.ping().catch((error: NodeJS.ErrnoException) => {
      // Then Redis has answered, and that is its word.
      if (error.name === 'ReplyError') throw error
      const reason = reasons.at(-1) ?? error
      // The host only: the URL may hold a password.
      const message = `Redis at ${new URL(config.redisUrl).host} (REDIS_URL) does not answer: ${reason.code ?? reason.message}`
      throw new UnreachableError(message, { cause: error })
    })
    return await use(createQueue(redis, config.name))
  } finally {
    redis.disconnect()
  }
}

/** What there is to say of a run that was not in the state for it. */
export async function stateOf(queue: Queue, runId: string): Promise<string> {
  const run = await queue.run(runId)
  return run
    ? `${run.functionName} for ${run.payload.bucket}/${run.payload.key} is ${run.state}`
    : 'there is no such run; ended ones are remembered for SLUICE_RETENTION'
}
