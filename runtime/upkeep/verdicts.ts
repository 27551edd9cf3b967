/**
 * Writes the verdicts that runs owe the bucket. A final state without a result puts its run on the list in the same script,
 * so a worker that dies in between forgets none; any process writes them, and writing one twice is harmless. What cannot be
 * written makes room for the others, longer each time, and is set aside when it never can be.
 * @module
 */
import { messageOf } from '../errors.ts'
import type { FunctionDefinition } from '../function/definition.ts'
import type { Logger } from '../telemetry/logger.ts'
import { placeOf } from '../output/layout.ts'
import { VERDICT_STATES, writeVerdict, type Verdict } from '../output/verdict.ts'
import type { Queue } from '../queue/queue.ts'
import type { RunRecord } from '../queue/run.ts'
import { StorageError } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { MINUTE_MS, SECOND_MS } from '../time.ts'
import { manifestSourceOf } from '../output/manifest.ts'

const AT_ONCE = 100
/** So many in a row that the store could not take: it is away, and the others wait for it as they are. */
const STORE_IS_AWAY = 3
/** The longest a verdict waits for its next try, when the store may be back, and when nothing promises better. */
const AWAY_MS = 30 * SECOND_MS
const LATER_MS = 5 * MINUTE_MS
/** For so long what others know is looked at again after a short pause. */
const OTHERS_MS = 10 * MINUTE_MS
const OTHERS_PAUSE_MS = 2 * SECOND_MS
/** Nobody gives up before so many tries, however long ago the run ended. */
const LEAST_TRIES = 20

export interface VerdictWriterParts {
  readonly queue: Queue
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  /** How long runs are remembered: after that nobody can be told how one ended. */
  readonly retentionMs: number
  readonly log: Logger
}

type Written = 'written' | 'put off' | 'store away'

/** Writes some of what is owed, one call at a time. A verdict that cannot be written is told of. */
export function createVerdictWriter(parts: VerdictWriterParts): () => Promise<void> {
  const { queue, storage, functions, retentionMs, log } = parts

  async function write(runId: string): Promise<Written> {
    let run: RunRecord | undefined
    try {
      run = await queue.run(runId)
    } catch (error) {
      // A record that cannot be read, unlike a Redis that cannot be reached, is this run's alone.
      if (!(error instanceof SyntaxError)) throw error
      await setAside(runId, `its record cannot be read: ${error.message}`)
      return 'put off'
    }
    if (!run) {
      await queue.forgetVerdict(runId)
      return 'written'
    }
    const { functionName, payload } = run
    const definition = functions.find(({ name }) => name === functionName)
    if (!definition) return ofOthers(run)
    try {
      const verdict = verdictOf(run)
      if (verdict) await writeVerdict({ storage, place: placeOf(definition, payload) }, verdict)
    } catch (error) {
      return refused(run, error)
    }
    await queue.verdictWritten(run)
    return 'written'
  }

  /** Another list of functions may be served elsewhere, and then it is theirs: they find it again soon, for ten minutes. */
  function ofOthers(run: RunRecord): Promise<Written> {
    const isFresh = Date.now() - (run.endedAtMs ?? 0) < OTHERS_MS
    const reason = `no process here knows the function "${run.functionName}"`
    return putOff(run, reason, isFresh ? OTHERS_PAUSE_MS : LATER_MS)
  }

  async function refused(run: RunRecord, error: unknown): Promise<Written> {
    const reason = messageOf(error)
    if (error instanceof StorageError && error.isImpossibleName) {
      await setAside(run.runId, `the store refuses it for good: ${reason}`)
      return 'put off'
    }
    const isAway = error instanceof StorageError && (error.isPassing || error.isSetUp)
    const what = await putOff(run, reason, isAway ? AWAY_MS : LATER_MS)
    return isAway ? 'store away' : what
  }

  async function putOff(
    { runId, endedAtMs }: RunRecord,
    reason: string,
    longestMs: number,
  ): Promise<Written> {
    const tries = await queue.putOffVerdict(runId, longestMs)
    const isOld = endedAtMs !== undefined && Date.now() - endedAtMs > retentionMs
    if (isOld && tries >= LEAST_TRIES) await setAside(runId, `given up after ${tries} tries: ${reason}`)
    // Once aloud: it is told again where it is set aside, and the gauge shows it meanwhile.
    else
      log[tries === 1 ? 'warn' : 'debug'](
        { run: runId, reason, tries },
        'could not write a verdict; retrying later',
      )
    return 'put off'
  }

  async function setAside(runId: string, reason: string): Promise<void> {
    if (await queue.setAside('verdict', runId, reason))
      log.error({ run: runId, reason }, 'a verdict can never be written: it was set aside')
  }

  async function writeSome(): Promise<void> {
    let away = 0
    for (const runId of await queue.owedVerdicts(AT_ONCE)) {
      away = (await write(runId)) === 'store away' ? away + 1 : 0
      if (away === STORE_IS_AWAY) return
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
