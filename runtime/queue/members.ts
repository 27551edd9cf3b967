/** Looks through all members of a sorted set, some at a time. Only reads. @module */
import type { Redis } from 'ioredis'

/** In one call: about a millisecond of Redis, and only what matches is sent. */
const AT_ONCE = 5_000

/** @param beginning - letters and digits alone: Redis reads other signs as patterns */
export async function membersBeginning(
  redis: Redis,
  key: string,
  beginning: string,
): Promise<readonly string[]> {
  const found = new Set<string>()
  let cursor = '0'
  do {
    const [next, flat] = await redis.zscan(key, cursor, 'MATCH', `${beginning}*`, 'COUNT', AT_ONCE)
    for (let at = 0; at < flat.length; at += 2) found.add(flat[at] as string)
    cursor = next
  } while (cursor !== '0')
  return [...found]
}
