/**
 * For how long this process has been in touch with Redis without a gap. Leases are only taken back after a whole lease of
 * it: when Redis was away, nobody could renew, and those who live must get the time to do so.
 * @module
 */

export interface RedisContact {
  /** A longer silence is a gap. */
  readonly gapMs: number
  /** Redis's clock when it last told it; 0 before. */
  readonly redisMs: number
  /** Redis answered, and perhaps told its clock. */
  touched(redisMs?: number): void
  forMs(): number
}

export function createRedisContact(gapMs: number, now = () => performance.now()): RedisContact {
  let sinceMs = now()
  let lastMs = now()
  let redisMs = 0
  return {
    gapMs,
    get redisMs() {
      return redisMs
    },
    touched(toldMs) {
      if (now() - lastMs > gapMs) sinceMs = now()
      lastMs = now()
      redisMs = toldMs ?? redisMs
    },
    forMs: () => (now() - lastMs > gapMs ? 0 : now() - sinceMs),
  }
}
