/** Writes the verdict that a run without a result owes the bucket, and removes one that a result outdates. Doing it twice is harmless. @module */
import type { FunctionDefinition } from '../function/definition.ts'
import { placeOf } from '../output/layout.ts'
import { manifestSourceOf, readCurrent } from '../output/manifest.ts'
import { removeOutdated, VERDICT_STATES, writeVerdict, type Verdict } from '../output/verdict.ts'
import type { Queue } from '../queue/queue.ts'
import type { RunRecord } from '../queue/run.ts'
import type { Storage } from '../storage/storage.ts'
import { UnpayableError, type Payers } from './debts.ts'

export interface VerdictParts {
  readonly queue: Queue
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
}

export function createVerdictPayer({
  queue,
  storage,
  functions,
}: VerdictParts): Payers<'verdict' | 'outdated'> {
  const placed = ({ functionName, payload }: RunRecord) => {
    const definition = functions.find(({ name }) => name === functionName)
    if (!definition) throw new Error(`no process here knows the function "${functionName}"`)
    return placeOf(definition, payload)
  }

  return {
    verdict: {
      failure: 'could not write a verdict',
      lost: 'a verdict can never be written',
      async pay({ runId }) {
        const run = await readRun(queue, runId)
        // Its record was pruned: how it ended is not known any more.
        if (!run) return 'paid'
        const place = placed(run)
        const verdict = verdictOf(run)
        const note = () => queue.noteVerdicts([place])
        if (verdict) await writeVerdict({ storage, place, note }, verdict)
        // Only for the end that was written: the run may have ended once more since.
        await queue.verdictWritten(run)
        return 'settled'
      },
    },
    outdated: {
      failure: 'could not look for a verdict beside a newer result',
      lost: 'a verdict may remain beside a newer result',
      async pay({ runId }) {
        const run = await readRun(queue, runId)
        // Its record was pruned: readers of the bucket let the newer result outrank the verdict.
        if (!run) return 'paid'
        const place = placed(run)
        const current = await readCurrent(storage, place)
        if (current && current.identity !== 'foreign')
          await removeOutdated({ storage, place }, current.identity)
        return 'paid'
      },
    },
  }
}

/** A record that cannot be read is a matter of this run alone, unlike a Redis that cannot be reached. */
export async function readRun(queue: Queue, runId: string): Promise<RunRecord | undefined> {
  try {
    return await queue.run(runId)
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new UnpayableError(`the record of run ${runId} cannot be read: ${error.message}`)
    throw error
  }
}

/** Undefined when the run is not in a final state any more: it was redriven. */
function verdictOf(run: RunRecord): Verdict | undefined {
  const state = VERDICT_STATES.find((name) => name === run.state)
  if (!state) return undefined
  return {
    schema: 1,
    state,
    reason: run.error || run.reason || state,
    run: run.runId,
    attempt: '',
    epoch: run.epoch,
    function: run.functionName,
    source: manifestSourceOf(run.payload),
    attempts: run.attempts,
    lastLines: run.lines ? run.lines.split('\n') : [],
    at: new Date(run.endedAtMs ?? 0).toISOString(),
  }
}
