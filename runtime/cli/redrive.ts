/** `sluice redrive <run>`: runs a dead letter again. @module */
import type { Config } from '../config.ts'
import { stateOf, withQueue } from './with-queue.ts'

/**
 * What became of it, in words.
 *
 * @throws {Error} when the run is no dead letter, saying what it is
 * @throws {UnreachableError} when Redis does not answer
 */
export function runRedrive(config: Config, runId: string): Promise<string> {
  return withQueue(config, async (queue) => {
    const again = await queue.again({ trigger: 'redrive', isForced: false, items: [{ runId }] })
    if (again?.[0] === 'queued') return `run ${runId} is queued again, behind live uploads`
    throw new Error(`run ${runId} is no dead letter: ${await stateOf(queue, runId)}`)
  })
}
