/**
 * The verdict that a result outdates: looked for after the commit, unless Redis knows of none (`queue/verdict-places.ts`), which is
 * nearly always; then the script that ends the run asks again, and the look is left to it.
 * @module
 */
import { messageOf } from '../../errors.ts'
import type { ResultPlace } from '../../output/layout.ts'
import type { Identity } from '../../output/manifest.ts'
import { removeOutdated, removeVerdict } from '../../output/verdict.ts'
import type { Claim } from '../../queue/run.ts'
import type { Queue } from '../../queue/queue.ts'
import type { FenceAnswer } from '../../queue/verdict-places.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { AttemptAborted } from '../in-flight.ts'
import type { Unlooked } from './outcome.ts'

/** The attempt's own signal may have been aborted by then. */
const LATE_LOOK_MS = 10_000

export interface Fence {
  readonly holds: () => Promise<boolean>
  /** To the last question. */
  readonly answer: FenceAnswer | undefined
}

/**
 * Whether this worker still owns the run. A cancel that arrives when the result is about to be committed is too late, so it is
 * ignored here. When Redis does not answer, the attempt is handed back uncounted: the file is not to blame.
 */
export function createFence(queue: Pick<Queue, 'fence'>, claim: Claim, place: ResultPlace): Fence {
  let answer: FenceAnswer | undefined
  return {
    async holds() {
      answer = await queue.fence(claim, place).catch((error: unknown) => {
        const reason = `redis did not confirm that this worker has the run: ${messageOf(error)}`
        throw new AttemptAborted('released', reason)
      })
      return answer.isOwner
    },
    get answer() {
      return answer
    },
  }
}

export interface Beside {
  readonly storage: Storage
  readonly place: ResultPlace
  readonly signal: AbortSignal
  readonly log: Logger
}

/** After a commit. Returns the look when it was left to the settlement. */
export async function leaveOrLook(
  queue: Pick<Queue, 'verdictGone'>,
  result: Identity,
  answer: FenceAnswer | undefined,
  beside: Beside,
): Promise<Unlooked | undefined> {
  const { log, ...where } = beside
  if (answer?.unlooked !== undefined) {
    const look = () => lookBeside(result, { ...beside, signal: AbortSignal.timeout(LATE_LOOK_MS) })
    return { asked: answer.unlooked, look }
  }
  try {
    const remains = await removeOutdated(where, result)
    if (answer?.mark !== undefined && !remains) await queue.verdictGone(where.place, answer.mark)
  } catch (error) {
    report(messageOf(error), log)
  }
  return undefined
}

/** Removes an older verdict beside `result`. A failure is only logged: the result is committed. */
export async function lookBeside(result: Identity, { log, ...where }: Beside): Promise<void> {
  const owed = await removeVerdict(where, result)
  if (owed !== undefined) report(owed, log)
}

function report(error: string, log: Logger): void {
  log.warn({ error }, 'the result is committed, but an older verdict is still beside it')
}
