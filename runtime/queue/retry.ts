/** Retry arithmetic. Pure: no clock, no Redis. @module */

export interface RetryPolicy {
  /** Attempts in total, the first one included. */
  readonly maxAttempts: number
  /** The ceiling of the wait before attempt 2; it doubles from there up to `maxDelayMs`. */
  readonly firstDelayMs: number
  readonly maxDelayMs: number
}

/**
 * The wait after attempt number `attempt` (1-based) has failed: anything from 0 to the doubled ceiling ("full jitter"),
 * so that what one outage broke does not come back as one burst.
 *
 * @param random - uniform in [0, 1); a parameter so that tests are exact
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random = Math.random): number {
  const ceilingMs = Math.min(policy.firstDelayMs * 2 ** (attempt - 1), policy.maxDelayMs)
  return Math.round(ceilingMs * random())
}
