/** How fast a pass goes: half of the time belongs to the intake and the API, which live in the same process. @module */
import { SECOND_MS, sleep } from '../../time.ts'

/** At most so long does a pass rest between two batches. */
const LONGEST_REST_MS = SECOND_MS

/** After each item it rests for as long as that took; what comes last before `signal` is the last. */
export async function* paced<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  let beganMs = performance.now()
  for await (const item of items) {
    yield item
    await sleep(Math.min(performance.now() - beganMs, LONGEST_REST_MS), signal)
    if (signal.aborted) return
    beganMs = performance.now()
  }
}
