/** Treats attempts that are silent as active while a child process of this worker is working. @module */
import { SECOND_MS } from '../time.ts'
import type { InFlight } from './in-flight.ts'
import { createChildWatch } from './working-children.ts'

/** Each check reads a file for every process of the machine. */
const MAX_EVERY_MS = SECOND_MS

/** To be called often: it checks only when an attempt is quiet, and at most once a second or four times in half a silence. */
export function createChildListener(
  inFlight: Pick<InFlight, 'quiet'>,
  haveChildrenWorked = createChildWatch(),
  now = () => performance.now(),
): () => Promise<void> {
  let nextAtMs = 0
  return async () => {
    const quiet = inFlight.quiet()
    if (quiet.length === 0 || now() < nextAtMs) return
    const shortestMs = Math.min(...quiet.map(({ definition }) => definition.stallTimeoutMs))
    nextAtMs = now() + Math.min(MAX_EVERY_MS, shortestMs / 8)
    if (await haveChildrenWorked()) for (const attempt of quiet) attempt.active()
  }
}
