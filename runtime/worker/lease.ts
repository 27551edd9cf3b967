/** Renews the leases of a worker's attempts, all in one call; ends attempts that were cancelled or are another worker's by now. @module */
import type { Queue } from '../queue/queue.ts'
import type { RedisContact } from '../queue/redis-contact.ts'
import type { InFlight } from './in-flight.ts'

export async function renewLeases(
  queue: Queue,
  consumer: string,
  inFlight: InFlight,
  contact: RedisContact,
): Promise<void> {
  const attempts = inFlight.all()
  if (attempts.length === 0) return
  const sentAtMs = performance.now()
  const answers = await queue.heartbeat(
    consumer,
    attempts.map(({ claim, progress }) => ({
      runId: claim.runId,
      fence: claim.fence,
      token: claim.token,
      ...(progress ? { progress: JSON.stringify(progress) } : {}),
    })),
  )
  contact.touched()
  attempts.forEach((attempt, index) => {
    switch (answers[index]) {
      case 'ok':
        inFlight.renewed(attempt, sentAtMs)
        break
      case 'cancelled':
        inFlight.abort(attempt, 'cancelled', 'cancelled on request')
        break
      default:
        inFlight.abort(attempt, 'lost', 'another worker has taken the run')
    }
  })
}
