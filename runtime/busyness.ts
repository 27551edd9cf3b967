/**
 * How much longer things take here than on a machine that is idle, by its load: how long somebody waits for an answer who
 * cannot know whether it will come. Where the system tells no load (Windows) it is 1.
 * @module
 */
import { availableParallelism, loadavg } from 'node:os'

/** Beyond that something else is wrong. */
const MOST = 10

/** From 1 to 10. */
export function busyness(load = loadavg()[0] ?? 0, processors = availableParallelism()): number {
  return Math.min(MOST, Math.max(1, load / processors))
}

/** A time that is right on an idle machine, as it is right now. */
export function stretched(ms: number): number {
  return Math.ceil(ms * busyness())
}
