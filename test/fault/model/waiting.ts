/** The model's rules of who waits for work, as the end of a turn. Pure. @module */
import type { TurnRequest } from '../../../runtime/queue/turn.ts'
import { idleOf, wakeFor, type Model, type ModelRun } from './state.ts'

export interface Looked {
  readonly request: TurnRequest
  readonly claims: readonly ModelRun[]
  /** Functions of which this worker's place is written anew. */
  readonly touched: Set<string>
  readonly takesMore: boolean
  /** Nothing waits for it any more in its streams of uploads and backfill. */
  readonly isDrained: (fn: string) => boolean
  readonly isSoloWaiting: (fn: string) => boolean
}

/** Hands on what this worker cannot take, and lets it wait for the rest. Whether nothing is left that it could take. */
export function waitForMore(model: Model, looked: Looked): boolean {
  const { request, claims, touched, isDrained, isSoloWaiting } = looked
  for (const { fn } of claims) touched.add(fn)
  const before = new Set(model.ready)
  for (const { functionName: fn } of request.wants) {
    if (!isDrained(fn) || isSoloWaiting(fn)) model.ready.add(fn)
    else model.ready.delete(fn)
  }
  handOn(model, looked, before)
  return wait(model, looked)
}

function handOn(model: Model, { request, claims, touched, isDrained }: Looked, ready: Set<string>): void {
  const words = request.wokenFor ?? []
  for (const fn of new Set(words)) {
    touched.add(fn)
    const isWanted = request.wants.some(({ functionName }) => functionName === fn)
    if (isWanted ? isDrained(fn) : !ready.has(fn)) continue
    const count = words.filter((word) => word === fn).length - claims.filter((run) => run.fn === fn).length
    if (count > 0) wakeFor(model, fn, count, request.consumer)
  }
}

function wait(model: Model, { request, claims, touched, takesMore, isDrained }: Looked): boolean {
  const { consumer, wants, settlements, inFlight, wokenFor = [] } = request
  const known = request.looksAtAll === false ? model.waits.get(consumer) : undefined
  const busyNow = inFlight + claims.length
  const isLook = settlements.length + claims.length + wokenFor.length === 0
  const isAll = !known || (isLook && known.busy !== busyNow)
  const isFree = ({ functionName: fn, free }: TurnRequest['wants'][number]) =>
    free > claims.filter((run) => run.fn === fn).length
  const waitsFor = wants.filter((want) => takesMore && isFree(want) && isDrained(want.functionName))
  for (const want of wants) {
    const { functionName: fn } = want
    const isWaiting = waitsFor.includes(want)
    const isSame = !isAll && known.functions.includes(fn) === isWaiting && !touched.has(fn)
    if (isSame) continue
    if (isWaiting) idleOf(model, fn).set(consumer, busyNow)
    else idleOf(model, fn).delete(consumer)
  }
  const functions = waitsFor.map(({ functionName }) => functionName)
  model.waits.set(consumer, { busy: isAll ? busyNow : known.busy, functions })
  return takesMore || wants.length === 0
    ? wants.every((want) => !isFree(want) || waitsFor.includes(want))
    : false
}
