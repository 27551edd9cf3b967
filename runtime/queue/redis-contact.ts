/**
 * How long this process has been in contact with Redis without a gap. Leases are only taken back after a whole lease of contact:
 * while Redis was away no worker could renew, and live workers need time to do so.
 * @module
 */

export interface RedisContact {
  /** A longer silence is a gap. */
  readonly gapMs: number
  /** Redis's clock when it last answered with it; 0 before. */
  readonly redisMs: number
  /** Redis answered, perhaps with its clock. */
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
    touched(answeredMs) {
      if (now() - lastMs > gapMs) sinceMs = now()
      lastMs = now()
      redisMs = answeredMs ?? redisMs
    },
    forMs: () => (now() - lastMs > gapMs ? 0 : now() - sinceMs),
  }
}
