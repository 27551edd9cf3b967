/** `sluice cancel <run>`: ends a run that waits, and asks the worker of one that runs to end it. @module */
import type { Config } from '../config.ts'
import { stateOf, withQueue } from './with-queue.ts'

/**
 * What became of it, in words.
 *
 * @throws {Error} when there is nothing to cancel, saying why
 * @throws {UnreachableError} when Redis does not answer
 */
export function runCancel(config: Config, runId: string): Promise<string> {
  return withQueue(config, async (queue) => {
    const state = await queue.cancel(runId)
    if (state === 'cancelled') return `run ${runId} is cancelled`
    if (state === 'running') return `run ${runId} is running: its worker was told to end it`
    throw new Error(`run ${runId} cannot be cancelled: ${await stateOf(queue, runId)}`)
  })
}
