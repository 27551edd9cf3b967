/** The model's rules of a worker's turn: settle what ended, then claim. Pure. @module */
import type { Lane } from '../../../runtime/queue/keys.ts'
import type { RunState } from '../../../runtime/queue/run.ts'
import type { Settlement, TurnRequest } from '../../../runtime/queue/turn.ts'
import { waitForMore, type Looked } from './waiting.ts'
import {
  bury,
  drop,
  enqueue,
  finish,
  note,
  owe,
  plus,
  streamName,
  streamOf,
  wakeFor,
  type Model,
  type ModelRun,
  type Moment,
} from './state.ts'

export interface ModelTurn {
  readonly settled: readonly (RunState | 'fenced')[]
  readonly claims: readonly ModelClaim[]
  readonly isDrained: boolean
}

export interface ModelClaim extends Pick<ModelRun, 'lane' | 'attempts' | 'trigger'> {
  readonly runId: string
  readonly fence: string
}

export function turn(model: Model, now: Moment, request: TurnRequest): ModelTurn {
  const { consumer, token, slot = 0, wants } = request
  const place = `${consumer}:${slot}`
  const touched = new Set<string>()
  const settled = request.settlements.map((settlement) => settle(model, now, consumer, settlement, touched))
  const last = model.turns.get(place)
  if (last?.token === token) {
    const runs = last.runs.flatMap((id) => {
      const run = model.runs.get(id)
      return run?.state === 'running' && run.token === token ? [run] : []
    })
    for (const run of runs) renew(model, run, consumer)
    return { settled, claims: runs.map(claimOf), isDrained: false }
  }
  const claims: ModelRun[] = []
  const readToEnd = new Set<string>()
  const isLooked = (fn: string) => request.looksAtAll !== false || model.ready.has(fn)
  const take = (fn: string, lane: Lane, count: number) => {
    const taken = isLooked(fn) ? start(model, { fn, lane, count, consumer, token }) : []
    if (isLooked(fn) && taken.length < count) readToEnd.add(streamName(fn, lane))
    claims.push(...taken)
    return taken.length
  }
  const takeWork = () => {
    for (const { functionName, free, lowFirst } of wants) {
      const left = free - take(functionName, 'low', Math.min(lowFirst, free))
      take(functionName, 'low', left - take(functionName, 'live', left))
    }
  }
  const takeSolo = () => {
    if (wants.some(({ functionName }) => take(functionName, 'solo', 1) > 0)) model.resting.add(consumer)
  }
  const soloWaiting = wants.filter(
    ({ functionName }) => isLooked(functionName) && isWaiting(model, functionName, 'solo'),
  )
  const isIdle = request.inFlight === 0
  let takesWork = true
  if (soloWaiting.length === 0) takeWork()
  else {
    const isResting = model.resting.has(consumer)
    if (isIdle && !isResting) takeSolo()
    if (isIdle && model.holder === consumer) model.holder = undefined
    takesWork = claims.length === 0 && (isIdle || isResting || !holdsBack(model, consumer))
    if (takesWork) takeWork()
    if (claims.length === 0 && isIdle) takeSolo()
  }
  if (claims.length > 0) model.turns.set(place, { token, runs: claims.map(({ id }) => id) })
  const facts: Looked = {
    request,
    claims,
    touched,
    takesMore: takesWork && claims[0]?.lane !== 'solo',
    isDrained: (fn) =>
      !isLooked(fn) || (['live', 'low'] as const).every((lane) => readToEnd.has(streamName(fn, lane))),
    isSoloWaiting: (fn) => soloWaiting.some(({ functionName }) => functionName === fn),
  }
  return { settled, claims: claims.map(claimOf), isDrained: waitForMore(model, facts) }
}

function settle(
  model: Model,
  now: Moment,
  consumer: string,
  settlement: Settlement,
  touched: Set<string>,
): RunState | 'fenced' {
  const run = model.runs.get(settlement.runId)
  if (!run || String(run.fence) !== settlement.fence || run.token !== settlement.token) return 'fenced'
  if (run.state !== 'running') return run.state
  const { lane, entry } = run
  if (lane === 'solo') model.resting.add(consumer)
  if (settlement.kind === 'complete') {
    const { results, source } = settlement.owed ?? {}
    if (results) owe(model, results)
    if (source) owe(model, source)
    run.reason = ''
    finish(model, run, 'succeeded', now)
  } else {
    run.reason = 'reason' in settlement ? settlement.reason : ''
    note(run, fail(model, now, run, settlement, consumer, touched))
  }
  drop(model, run.fn, lane, entry)
  return run.state
}

/** What became of an attempt that did not succeed, in the word that is kept of it. */
function fail(
  model: Model,
  now: Moment,
  run: ModelRun,
  settlement: Exclude<Settlement, { kind: 'complete' }>,
  consumer: string,
  touched: Set<string>,
): string {
  const goesOn = ['fail', 'release', 'isolate'].includes(settlement.kind)
  let { kind } = settlement
  if (run.isCancelAsked && goesOn) kind = 'cancelled'
  if (!run.isCancelAsked && kind === 'cancelled') kind = 'release'
  const delayMs = 'delayMs' in settlement ? settlement.delayMs : 0
  if (kind === 'isolate' || (kind === 'release' && delayMs === 0)) {
    enqueue(model, run, kind === 'isolate' ? 'solo' : run.lane)
    wakeFor(model, run.fn, 1, consumer)
    touched.add(run.fn)
    return 'released'
  }
  if (kind === 'fail' || kind === 'bury') {
    run.attempts++
    const isSpent = settlement.kind === 'fail' && run.attempts >= settlement.maxAttempts
    if (kind === 'bury' || isSpent) {
      bury(model, run, settlement.kind === 'bury' ? settlement.reason : 'exhausted', now)
      return 'dead'
    }
  }
  if (kind === 'fail' || kind === 'release') {
    const due = run.hint === '' ? plus(now, delayMs) : now
    model.delay.set(run.id, due)
    Object.assign(run, { state: 'retrying', entry: 0, due } satisfies Partial<ModelRun>)
    return kind === 'fail' ? 'failed' : 'released'
  }
  finish(model, run, kind, now)
  return kind
}

interface Taking {
  readonly fn: string
  readonly lane: Lane
  readonly count: number
  readonly consumer: string
  readonly token: string
}

function start(model: Model, { fn, lane, count, consumer, token }: Taking): ModelRun[] {
  const started: ModelRun[] = []
  const waiting = streamOf(model, fn, lane).filter((entry) => entry.consumer === undefined)
  for (const entry of waiting) {
    if (started.length >= count) break
    const run = model.runs.get(entry.run)
    if (run?.state !== 'queued' || run.entry !== entry.id) {
      drop(model, fn, lane, entry.id)
      continue
    }
    entry.consumer = consumer
    Object.assign(run, { state: 'running', worker: consumer, token, hint: '' } satisfies Partial<ModelRun>)
    run.fence++
    started.push(run)
  }
  return started
}

function isWaiting(model: Model, fn: string, lane: Lane): boolean {
  return streamOf(model, fn, lane).some((entry) => entry.consumer === undefined)
}

function holdsBack(model: Model, consumer: string): boolean {
  model.holder ??= consumer
  return model.holder === consumer
}

/** Its lease begins anew, with this consumer. */
export function renew(model: Model, run: ModelRun, consumer: string): void {
  const entry = streamOf(model, run.fn, run.lane).find(({ id }) => id === run.entry)
  if (entry) Object.assign(entry, { consumer, isSilent: false })
}

function claimOf({ id, fence, lane, attempts, trigger }: ModelRun): ModelClaim {
  return { runId: id, fence: String(fence), lane, attempts, trigger }
}
