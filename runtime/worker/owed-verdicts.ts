/**
 * Writes the verdicts that runs owe the bucket. A final state without a result puts its run on the list in the same script,
 * so a worker that dies in between forgets none; any worker writes them, and writing one twice is harmless.
 * @module
 */
import { messageOf } from '../errors.ts'
import type { FunctionDefinition } from '../function.ts'
import type { Logger } from '../logger.ts'
import { placeOf } from '../output/layout.ts'
import { VERDICT_STATES, writeVerdict, type Verdict } from '../output/verdict.ts'
import type { Queue } from '../queue/queue.ts'
import type { RunRecord } from '../queue/run.ts'
import type { Storage } from '../storage/storage.ts'
import { manifestSourceOf } from './attempt/manifest-of.ts'

const AT_ONCE = 100

export interface VerdictWriterParts {
  readonly queue: Queue
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  readonly log: Logger
}

/** Writes some of what is owed, one call at a time. A verdict that cannot be written stays owed, and is told of. */
export function createVerdictWriter({
  queue,
  storage,
  functions,
  log,
}: VerdictWriterParts): () => Promise<void> {
  async function write(runId: string): Promise<void> {
    const run = await queue.run(runId)
    if (!run) return queue.forgetVerdict(runId)
    const definition = functions.find(({ name }) => name === run.functionName)
    // Another list of functions is served elsewhere: it is theirs.
    if (!definition) return
    const verdict = verdictOf(run)
    if (verdict) await writeVerdict({ storage, place: placeOf(definition, run.payload) }, verdict)
    await queue.verdictWritten(run)
  }

  async function writeSome(): Promise<void> {
    for (const runId of await queue.owedVerdicts(AT_ONCE)) {
      await write(runId).catch((error: unknown) => {
        log.warn({ run: runId, error: messageOf(error) }, 'a verdict could not be written and stays owed')
      })
    }
  }

  let underWay: Promise<void> | undefined
  return () => {
    underWay ??= writeSome().finally(() => {
      underWay = undefined
    })
    return underWay
  }
}

/** Undefined when the run is in no final state any more: it was redriven. */
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
