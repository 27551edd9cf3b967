/** The reason why Redis did not give a name to a sender, as a sentence for the sender. Pure. @module */
import { isRedisAway, isWrongType } from '../queue/redis.ts'

export const REDIS_AWAY = 'the receiver cannot reach Redis, which knows who sends what; try again later'

/** @param key - of the stream's state in Redis */
export function redisTrouble(name: string, key: string, error: unknown): string {
  if (!(error instanceof Error)) return 'the receiver failed, and its log has the reason; try again later'
  if (isWrongType(error))
    return `Redis has a value of another type under ${key}, the key of the stream "${name}": an operator has to remove it, since nothing can be sent under this name until then`
  if (isRedisAway(error) || isOfNetwork(error)) return REDIS_AWAY
  if (error.name === 'ReplyError') return `Redis refuses what the receiver asks: ${error.message}`
  return 'the receiver failed, and its log has the reason; try again later'
}

function isOfNetwork({ code }: NodeJS.ErrnoException): boolean {
  return code !== undefined && /^E[A-Z]+$/.test(code)
}
