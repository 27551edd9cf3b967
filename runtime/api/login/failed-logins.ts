/** Failed logins, by the address of the caller: a token is too long to be guessed, so this is for the log and for patience. @module */
import { MINUTE_MS } from '../../time.ts'

/** In a minute, from one address. */
const MOST = 5
/** Addresses that are remembered at most; the oldest are forgotten. */
const MOST_ADDRESSES = 1_000

export interface FailedLogins {
  /** How long the address has to wait before its next login; 0 when it need not. */
  waitMs(address: string): number
  note(address: string): void
}

export function createFailedLogins(nowMs: () => number = Date.now): FailedLogins {
  const byAddress = new Map<string, readonly number[]>()
  /** The last ones, oldest first. */
  const recent = (address: string) =>
    (byAddress.get(address) ?? []).filter((atMs) => nowMs() - atMs < MINUTE_MS)
  return {
    waitMs(address) {
      const [oldest, ...rest] = recent(address)
      return oldest === undefined || rest.length < MOST - 1 ? 0 : oldest + MINUTE_MS - nowMs()
    },
    note(address) {
      const known = recent(address)
      byAddress.delete(address)
      if (byAddress.size >= MOST_ADDRESSES) byAddress.delete(byAddress.keys().next().value ?? '')
      byAddress.set(address, [...known, nowMs()].slice(-MOST))
    },
  }
}
