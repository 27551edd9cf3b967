/** Kinds of failure for pages that many keep open: a thousand runs are read for them, so they are kept for a moment. @module */
import type { DeadLetterFilter, KindsPage } from '../api/dead-letters/service.ts'
import type { PageRequest } from '../api/http/page.ts'
import { SECOND_MS } from '../time.ts'

/** Dead letters that come and go in equal numbers are noticed after this time. */
const KEPT_MS = 5 * SECOND_MS
/** Of different filters and pages. */
const MOST_KEPT = 20

interface Parts {
  readonly kinds: (filter: DeadLetterFilter, page: PageRequest) => Promise<KindsPage>
  /** Dead letters of all functions. */
  readonly deadCount: () => Promise<number>
}

interface Entry {
  readonly count: number
  readonly atMs: number
  readonly page: Promise<KindsPage>
}

/** Reads them again when the number of dead letters is another one, and at the latest after five seconds. */
export function createRecentKinds({ kinds, deadCount }: Parts, nowMs: () => number = Date.now) {
  const entries = new Map<string, Entry>()

  return async function recentKinds(filter: DeadLetterFilter, page: PageRequest): Promise<KindsPage> {
    const key = JSON.stringify([filter, page])
    const count = await deadCount()
    const known = entries.get(key)
    if (known && known.count === count && nowMs() - known.atMs < KEPT_MS) return known.page
    const entry = { count, atMs: nowMs(), page: kinds(filter, page) }
    if (entries.size >= MOST_KEPT) entries.clear()
    entries.set(key, entry)
    try {
      return await entry.page
    } catch (error) {
      if (entries.get(key) === entry) entries.delete(key)
      throw error
    }
  }
}
