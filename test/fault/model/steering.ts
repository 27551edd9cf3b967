/** The model's rules of everything that is not a worker's turn or an admission. Pure. @module */
import { LANES } from '../../../runtime/queue/keys.ts'
import type {
  RerunItem,
  RerunOutcome,
  RerunRequest,
  Beat,
  Reclaimed,
  FateKind,
} from '../../../runtime/queue/queue.ts'
import type { RunState } from '../../../runtime/queue/run.ts'
import { newRun } from './admission.ts'
import {
  bury,
  drop,
  enqueue,
  finish,
  inOrder,
  isOpenRun,
  note,
  setOf,
  streamOf,
  tellAll,
  wakeForEach,
  type Model,
  type ModelRun,
  type Moment,
} from './state.ts'
import { renew } from './turns.ts'

export function heartbeat(model: Model, consumer: string, beats: readonly Beat[]): string[] {
  return beats.map(({ runId, fence, token }) => {
    const run = model.runs.get(runId)
    if (run?.state !== 'running' || String(run.fence) !== fence || run.token !== token) return 'lost'
    renew(model, run, consumer)
    return run.isCancelAsked ? 'cancelled' : 'ok'
  })
}

export function promote(model: Model, now: Moment, limit: number): number {
  const due = inOrder(model.delay)
    .filter((id) => (model.delay.get(id) as Moment).minMs <= now.minMs)
    .slice(0, limit)
  const woken: string[] = []
  for (const id of due) {
    const run = model.runs.get(id)
    if (run?.state === 'retrying') {
      enqueue(model, run, run.lane)
      woken.push(run.fn)
    }
    model.delay.delete(id)
  }
  wakeForEach(model, woken)
  return due.length
}

/** Takes back every entry that was not renewed. */
export function reclaim(
  model: Model,
  now: Moment,
  request: { readonly maxCrashes: number; readonly functionNames: readonly string[] },
): Reclaimed[] {
  const taken: Reclaimed[] = []
  for (const functionName of request.functionNames) {
    for (const lane of LANES) {
      for (const entry of streamOf(model, functionName, lane).filter(({ isSilent }) => isSilent)) {
        const run = model.runs.get(entry.run)
        const lostWorker = entry.consumer as string
        const fate = model.fates.get(lostWorker)
        if (fate === 'starved') {
          entry.isSilent = false
          continue
        }
        drop(model, functionName, lane, entry.id)
        if (run?.state !== 'running' || run.entry !== entry.id) continue
        const became = takeBack(model, now, run, request.maxCrashes, fate)
        const how = fate ? `${fate} as it is told` : 'is not heard of any more'
        taken.push({ runId: run.id, functionName, became, lostWorker, how })
      }
    }
  }
  if (taken.length > 0) tellAll(model, 'reclaimed')
  return taken
}

function takeBack(
  model: Model,
  now: Moment,
  run: ModelRun,
  maxCrashes: number,
  fate: FateKind | undefined,
): Reclaimed['became'] {
  const wasAlone = run.lane === 'solo'
  if (wasAlone) run.crashes++
  else if (!fate) run.losses++
  note(run, 'lost')
  run.token = ''
  if (run.isCancelAsked) {
    finish(model, run, 'cancelled', now)
    return 'cancelled'
  }
  if (wasAlone && run.crashes >= maxCrashes) {
    bury(model, run, 'crash-loop', now)
    return 'dead'
  }
  enqueue(model, run, fate || run.losses >= 2 ? 'solo' : run.lane)
  return 'requeued'
}

export function cancel(model: Model, now: Moment, id: string): RunState | undefined {
  const run = model.runs.get(id)
  if (run?.state === 'running') {
    run.isCancelAsked = true
    tellAll(model, `cancel:${id}:${run.fence}`)
  } else if (run && isOpenRun(run)) {
    endWaiting(model, now, run)
    tellAll(model, 'verdicts')
  }
  return run?.state
}

function endWaiting(model: Model, now: Moment, run: ModelRun): void {
  if (run.state === 'queued') drop(model, run.fn, run.lane, run.entry)
  model.delay.delete(run.id)
  run.reason = 'cancelled'
  finish(model, run, 'cancelled', now)
}

export function withdraw(model: Model, now: Moment, job: string, ids: readonly string[]): number {
  const meant = ids.filter((id) => {
    const run = model.runs.get(id)
    if (run?.asked !== job || (run.state !== 'queued' && run.state !== 'retrying')) return false
    endWaiting(model, now, run)
    return true
  })
  if (meant.length > 0) tellAll(model, 'verdicts')
  return meant.length
}

export function rerun(
  model: Model,
  now: Moment,
  request: RerunRequest,
  token: string,
): RerunOutcome[] | undefined {
  const { step, items } = request
  const job = step && model.jobs.get(step.job)
  if (step && (job?.status !== 'running' || job.position !== step.position)) return undefined
  const woken: string[] = []
  const outcomes = items.map((item) => againOne(model, now, request, item, token, woken))
  wakeForEach(model, woken)
  if (job) {
    const queued = outcomes.filter((outcome) => outcome === 'queued').length
    job.position += outcomes.length
    job.handedOut += queued
    job.passedOver += outcomes.length - queued
  }
  return outcomes
}

function againOne(
  model: Model,
  now: Moment,
  { step, trigger, isForced }: RerunRequest,
  item: RerunItem,
  token: string,
  woken: string[],
): RerunOutcome {
  const asked = step?.job ?? token
  let run = model.runs.get(item.runId)
  if (!step && run?.asked === asked) return 'queued'
  if (!run) {
    if (!item.payload) return 'unknown'
    const { functionName: fn = '', objectId: object = '', payload } = item
    run = newRun({ id: item.runId, fn, object, generation: payload.generation })
    run.epoch = { minMs: -1, maxMs: -1 }
    model.runs.set(run.id, run)
  } else if (trigger === 'redrive' && run.state !== 'dead') return isOpenRun(run) ? 'busy' : 'ended'
  else if (trigger === 'sweep' && (run.state === 'dead' || run.state === 'cancelled')) return 'ended'
  else if (isOpenRun(run)) {
    if (!isForced) return 'busy'
    if (run.state === 'running') tellAll(model, `cancel:${run.id}:${run.fence}`)
    drop(model, run.fn, run.lane, run.entry)
    model.delay.delete(run.id)
    run.fence++
  }
  const { epoch } = run
  Object.assign(run, {
    attempts: 0,
    crashes: 0,
    losses: 0,
    trigger,
    asked,
    epoch: { minMs: Math.max(epoch.minMs + 1, now.minMs), maxMs: Math.max(epoch.maxMs + 1, now.maxMs) },
    reason: '',
    hasLetter: false,
    isCancelAsked: false,
    hint: '',
    token: '',
  } satisfies Partial<ModelRun>)
  setOf(model.open, run.object).add(run.id)
  setOf(model.marked, run.object).delete(run.id)
  setOf(model.failed, run.object).delete(run.id)
  model.ended.delete(run.id)
  model.verdicts.delete(run.id)
  enqueue(model, run, 'low')
  woken.push(run.fn)
  return 'queued'
}
