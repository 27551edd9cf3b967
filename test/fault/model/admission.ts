/** The model's rules of admission. Pure. @module */
import type { Admission, AdmitOutcome, NewRun } from '../../../runtime/queue/queue.ts'
import {
  drop,
  enqueue,
  owe,
  setOf,
  streamOf,
  wakeForEach,
  type Model,
  type ModelRun,
  type Moment,
} from './state.ts'

/** Undefined when the head of the inbox is no longer what was read. */
export function admit(model: Model, now: Moment, admission: Admission): AdmitOutcome[] | undefined {
  const { raws, runs, marks, bad, debts, announced, paths } = admission
  const head = model.inbox.slice(0, raws.length)
  if (raws.some((raw, at) => raw.toString() !== head[at])) return undefined
  const woken: string[] = []
  const outcomes = runs.map((run) => admitOne(model, run, paths, woken))
  for (const { objectId, generation, only, hint } of marks) {
    for (const id of setOf(model.open, objectId)) {
      const run = model.runs.get(id) as ModelRun
      const isMeant = only === undefined ? run.generation !== generation : run.generation === only
      if (!isMeant) continue
      setOf(model.open, objectId).delete(id)
      setOf(model.marked, objectId).add(id)
      run.hint = hint
      if (run.state === 'retrying') model.delay.set(id, now)
    }
  }
  model.bad += bad.length
  for (const debt of debts) owe(model, debt)
  for (const { objectId } of announced)
    model.announced.set(objectId, Math.min(40, (model.announced.get(objectId) ?? 0) + 1))
  model.inbox = model.inbox.slice(raws.length)
  wakeForEach(model, woken)
  return outcomes
}

function admitOne(model: Model, asked: NewRun, paths: number, woken: string[]): AdmitOutcome {
  const { runId, functionName, objectId, eventId, lane, trigger, payload } = asked
  const known = model.runs.get(runId)
  if (!known) {
    const run = newRun({ id: runId, fn: functionName, object: objectId, generation: payload.generation })
    Object.assign(run, { event: eventId, copies: 1, trigger } satisfies Partial<ModelRun>)
    model.runs.set(runId, run)
    setOf(model.open, objectId).add(runId)
    enqueue(model, run, lane)
    woken.push(functionName)
    return 'new'
  }
  if (known.state === 'queued' && known.lane === 'low' && lane === 'live') {
    drop(model, known.fn, 'low', known.entry)
    enqueue(model, known, 'live')
    Object.assign(known, {
      event: eventId,
      copies: 1,
      trigger: 'upload',
      asked: '',
    } satisfies Partial<ModelRun>)
    woken.push(functionName)
    return 'lifted'
  }
  if (eventId !== '' && (known.event === eventId || known.event === '') && known.copies < paths) {
    known.event = eventId
    known.copies++
    return 'copy'
  }
  known.dups++
  return 'duplicate'
}

export function newRun(facts: Pick<ModelRun, 'id' | 'fn' | 'object' | 'generation'>): ModelRun {
  return {
    ...facts,
    state: 'queued',
    lane: 'live',
    entry: 0,
    fence: 0,
    token: '',
    worker: '',
    attempts: 0,
    crashes: 0,
    losses: 0,
    epoch: { minMs: 0, maxMs: 0 },
    due: { minMs: 0, maxMs: 0 },
    event: '',
    copies: 0,
    dups: 0,
    trigger: 'upload',
    asked: '',
    isCancelAsked: false,
    hint: '',
    reason: '',
    hasLetter: false,
    tries: [],
  }
}

/** An error between the two writes of `enqueue` leaves an entry that no run owns. */
export function stray(model: Model, run: string, fn: string): void {
  streamOf(model, fn, 'live').push({ id: ++model.entries, run })
}
