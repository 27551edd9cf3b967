/**
 * What a queue knows, without Redis: the state of the pure model, and the few steps that all its rules are made of.
 * @module
 */
import type { Lane } from '../../../runtime/queue/keys.ts'
import type { RunState, Trigger } from '../../../runtime/queue/run.ts'
import type { FateKind } from '../../../runtime/queue/queue.ts'
import { LISTENING } from './universe.ts'

/** A time as far as it is known: a script reads the clock at some moment between two looks of ours. */
export interface Moment {
  readonly minMs: number
  readonly maxMs: number
}

export interface ModelRun {
  readonly id: string
  readonly fn: string
  readonly object: string
  readonly generation: string
  state: RunState
  lane: Lane
  /** The one that stands for it in a stream; 0 for none. */
  entry: number
  fence: number
  token: string
  worker: string
  attempts: number
  crashes: number
  /** Workers that were lost without a word while it ran beside others. */
  losses: number
  epoch: Moment
  /** Until when its last failure made it wait. */
  due: Moment
  event: string
  copies: number
  dups: number
  trigger: Trigger
  /** The job that has asked for it last. */
  asked: string
  isCancelAsked: boolean
  hint: string
  reason: string
  hasLetter: boolean
  /** How its newest attempts ended that did not succeed. */
  tries: string[]
}

export interface ModelEntry {
  readonly id: number
  readonly run: string
  /** Who it was delivered to. */
  consumer?: string
  /** Not renewed for longer than any lease. */
  isSilent?: boolean
}

export interface ModelJob {
  status: 'running' | 'done' | 'cancelled'
  position: number
  handedOut: number
  passedOver: number
}

export interface Model {
  inbox: string[]
  bad: number
  readonly runs: Map<string, ModelRun>
  readonly streams: Map<string, ModelEntry[]>
  readonly delay: Map<string, Moment>
  readonly ended: Map<string, Moment>
  readonly verdicts: Set<string>
  readonly debts: Set<string>
  readonly open: Map<string, Set<string>>
  readonly marked: Map<string, Set<string>>
  readonly failed: Map<string, Set<string>>
  readonly announced: Map<string, number>
  readonly jobs: Map<string, ModelJob>
  /** Of each slot of each consumer (`w1:0`), what its last turn with claims was. */
  readonly turns: Map<string, { readonly token: string; readonly runs: readonly string[] }>
  /** The busy worker that holds back for a run which needs a worker of its own. */
  holder: string | undefined
  /** Workers that had such a run just now: others come first there. */
  readonly resting: Set<string>
  /** What supervisors know of workers. */
  readonly fates: Map<string, FateKind>
  /** Functions that may have something waiting. */
  readonly ready: Set<string>
  /** Of each function, the workers that wait for it, and how busy they were when that was written. */
  readonly idle: Map<string, Map<string, number>>
  /** What each worker is known to wait for. */
  readonly waits: Map<string, { readonly busy: number; readonly functions: readonly string[] }>
  entries: number
  /** What the scripts have called out since somebody looked. */
  words: string[]
}

export function emptyModel(): Model {
  return {
    inbox: [],
    bad: 0,
    runs: new Map(),
    streams: new Map(),
    delay: new Map(),
    ended: new Map(),
    verdicts: new Set(),
    debts: new Set(),
    open: new Map(),
    marked: new Map(),
    failed: new Map(),
    announced: new Map(),
    jobs: new Map(),
    turns: new Map(),
    holder: undefined,
    resting: new Set(),
    fates: new Map(),
    ready: new Set(),
    idle: new Map(),
    waits: new Map(),
    entries: 0,
    words: [],
  }
}

export const streamName = (fn: string, lane: Lane) => `${fn}/${lane}`

export function streamOf(model: Model, fn: string, lane: Lane): ModelEntry[] {
  return computed(model.streams, streamName(fn, lane), () => [])
}

export function setOf(sets: Map<string, Set<string>>, name: string): Set<string> {
  return computed(sets, name, () => new Set())
}

function computed<T>(map: Map<string, T>, name: string, make: () => T): T {
  const value = map.get(name) ?? make()
  map.set(name, value)
  return value
}

export function enqueue(model: Model, run: ModelRun, lane: Lane): void {
  const id = ++model.entries
  streamOf(model, run.fn, lane).push({ id, run: run.id })
  model.ready.add(run.fn)
  Object.assign(run, { state: 'queued', lane, entry: id } satisfies Partial<ModelRun>)
}

export function idleOf(model: Model, fn: string): Map<string, number> {
  return computed(model.idle, fn, () => new Map<string, number>())
}

/** The least busy, as many as there is work for. */
export function wakeFor(model: Model, fn: string, count: number, asker?: string): void {
  const idle = idleOf(model, fn)
  let left = count
  while (left > 0 && idle.size > 0) {
    const first = [...idle].toSorted(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).slice(0, left)
    for (const [consumer] of first) {
      idle.delete(consumer)
      if (consumer === asker || !LISTENING.includes(consumer)) continue
      model.words.push(`wake:${consumer} ${fn}`)
      left--
    }
  }
}

/** Of each function once, as many as there is work for. */
export function wakeForEach(model: Model, functions: readonly string[]): void {
  for (const fn of new Set(functions)) wakeFor(model, fn, functions.filter((other) => other === fn).length)
}

export function tellAll(model: Model, word: string): void {
  model.words.push(`wake ${word}`)
}

export function drop(model: Model, fn: string, lane: Lane, id: number): void {
  const stream = streamOf(model, fn, lane)
  const at = stream.findIndex((entry) => entry.id === id)
  if (at >= 0) stream.splice(at, 1)
}

export function note(run: ModelRun, outcome: string): void {
  // Handed back again and again, as in an outage, is told once.
  if (outcome === 'released' && run.tries.at(-1) === 'released') return
  run.tries = [...run.tries, outcome].slice(-10)
}

export function finish(model: Model, run: ModelRun, state: RunState, now: Moment): void {
  Object.assign(run, { state, entry: 0 } satisfies Partial<ModelRun>)
  model.ended.set(run.id, now)
  setOf(model.open, run.object).delete(run.id)
  setOf(model.marked, run.object).delete(run.id)
  if (state !== 'succeeded') model.verdicts.add(run.id)
  const failed = setOf(model.failed, run.object)
  if (state === 'dead' || state === 'cancelled') failed.add(run.id)
  else failed.delete(run.id)
}

export function bury(model: Model, run: ModelRun, reason: string, now: Moment): void {
  Object.assign(run, { reason, hasLetter: true } satisfies Partial<ModelRun>)
  finish(model, run, 'dead', now)
}

export function owe(model: Model, debt: string): void {
  model.debts.add(debt)
  tellAll(model, 'tidy')
}

export function isOpenRun(run: ModelRun): boolean {
  return run.state === 'queued' || run.state === 'running' || run.state === 'retrying'
}

/** The sooner one first; of one moment by name, as sorted sets have them. */
export function inOrder(times: ReadonlyMap<string, Moment>): string[] {
  return [...times]
    .toSorted(([a, at], [b, bt]) => at.minMs - bt.minMs || (a < b ? -1 : 1))
    .map(([name]) => name)
}

export function plus(moment: Moment, ms: number): Moment {
  return { minMs: moment.minMs + ms, maxMs: moment.maxMs + ms }
}
