/**
 * Pages that show an attempt while it runs: while somebody looks on, its progress is stored each second instead of with the
 * heartbeat, and readers who listen to its run get the lines of its tool.
 * @module
 */
import type { Telling } from '../queue/changes.ts'
import type { RedisContact } from '../queue/redis-contact.ts'
import type { Queue } from '../queue/queue.ts'
import { SECOND_MS } from '../time.ts'
import type { InFlight } from './in-flight.ts'
import { renewLeases } from './presence.ts'

export interface OnlookerParts {
  readonly queue: Queue
  readonly telling: Telling
  readonly consumer: string
  readonly inFlight: InFlight
  readonly contact: RedisContact
}

/** Shorter ones are over before anybody sees them move. */
const YOUNG_MS = SECOND_MS

/** To be called once a second: a worker without attempts asks nothing. */
export async function serveOnlookers(parts: OnlookerParts): Promise<void> {
  const { queue, telling, consumer, inFlight, contact } = parts
  const shown = inFlight.olderThan(YOUNG_MS)
  if (shown.length === 0) return
  const { isAny, runs } = await telling.listened(shown.map(({ claim }) => claim.runId))
  if (!isAny && runs.size === 0) return
  const moved = shown.filter(({ progress, storedProgress }) => progress !== storedProgress)
  await renewLeases(queue, consumer, inFlight, contact, moved)
  for (const { claim, lines } of shown) {
    if (!runs.has(claim.runId)) continue
    const told = lines.take()
    if (told.length > 0) await telling.tellLines(claim.runId, told)
  }
}
