/** The model's rules of what comes after the end of a run: verdicts, purging, forgetting, and of healing. Pure. @module */
import type { RunRecord } from '../../../runtime/queue/run.ts'
import {
  drop,
  enqueue,
  finish,
  inOrder,
  isOpenRun,
  setOf,
  tellAll,
  type Model,
  type ModelRun,
  type Moment,
} from './state.ts'

export type WrittenVerdict = Pick<RunRecord, 'runId' | 'state' | 'epoch'> & { readonly endedAtMs: number }

export function verdictWritten(model: Model, written: WrittenVerdict): void {
  const run = model.runs.get(written.runId)
  const isThatEnd =
    run?.state === written.state &&
    run.epoch.minMs === written.epoch &&
    model.ended.get(written.runId)?.minMs === written.endedAtMs
  if (!run || isThatEnd) model.verdicts.delete(written.runId)
}

export function resultRemoved(model: Model, now: Moment, id: string, why: string, endedAtMs: number): void {
  const run = model.runs.get(id)
  if (run?.state !== 'succeeded' || model.ended.get(id)?.minMs !== endedAtMs) return
  run.reason = why
  finish(model, run, 'source-gone', now)
  tellAll(model, 'verdicts')
}

export function purge(model: Model, ids: readonly string[]): number {
  return ids.filter((id) => {
    const run = model.runs.get(id)
    const isListed = run?.state === 'dead' && run.hasLetter
    if (isListed) run.hasLetter = false
    return isListed
  }).length
}

export interface Pruning {
  readonly isAnyAge: boolean
  readonly maxRuns: number
  readonly limit: number
  readonly passed: number
}

export function prune(model: Model, { isAnyAge, maxRuns, limit, passed }: Pruning) {
  const row = inOrder(model.ended)
  const aged = isAnyAge ? row.slice(passed, passed + limit) : []
  const surplus = row.length - maxRuns - passed
  const old = surplus > aged.length ? row.slice(passed, passed + Math.min(surplus, limit)) : aged
  const forgotten = old.filter((id) => !model.verdicts.has(id))
  for (const id of forgotten) {
    const run = model.runs.get(id) as ModelRun
    setOf(model.failed, run.object).delete(id)
    model.runs.delete(id)
    model.ended.delete(id)
  }
  return { forgotten: forgotten.length, examined: old.length }
}

/** How a run may have lost its place: by hand, or with the end of the append-only file. */
export type Damage = 'entry' | 'pending' | 'delay'

/** Puts what a run has lost back; `damage` says what that was. */
export function repair(model: Model, now: Moment, id: string, damage: Damage | undefined, woken: string[]) {
  const run = model.runs.get(id)
  if (!run) return 'gone'
  if (run.state === 'retrying') {
    if (damage !== 'delay') return 'ok'
    model.delay.set(id, run.due.maxMs === 0 ? now : run.due)
    return 'delay-entry'
  }
  const isHit = damage === 'entry' || (damage === 'pending' && run.state === 'running')
  if (!isHit || !isOpenRun(run)) return 'ok'
  drop(model, run.fn, run.lane, run.entry)
  run.token = ''
  enqueue(model, run, run.lane)
  woken.push(run.fn)
  return 'stream-entry'
}
