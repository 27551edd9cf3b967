/**
 * For how long this process has been in touch with Redis without a gap. Leases are only taken back after a whole lease of
 * it: when Redis was away, nobody could renew, and those who live must get the time to do so.
 * @module
 */

export interface Contact {
  /** Redis answered. */
  touched(): void
  forMs(): number
}

/** @param gapMs - the longest silence that is no gap */
export function createContact(gapMs: number, now = () => performance.now()): Contact {
  let sinceMs = now()
  let lastMs = now()
  return {
    touched() {
      if (now() - lastMs > gapMs) sinceMs = now()
      lastMs = now()
    },
    forMs: () => (now() - lastMs > gapMs ? 0 : now() - sinceMs),
  }
}
