/** What may happen to a queue, as data that fast-check makes up and shrinks. Numbers choose among what there is by then. @module */
import fc from 'fast-check'
import type { FateKind } from '../../../runtime/queue/queue.ts'
import type { Damage } from './endings.ts'
import { CONSUMERS, FUNCTIONS, GENERATIONS, JOBS, OBJECTS, RUNS } from './universe.ts'

export const OUTCOMES = [
  'complete',
  'complete and owe',
  'fail',
  'fail for later',
  'bury',
  'release',
  'release for later',
  'isolate',
  'superseded',
  'source-gone',
  'cancelled',
] as const
export type OutcomeName = (typeof OUTCOMES)[number]

export type Operation =
  /** MinIO pushes to the inbox. */
  | { readonly kind: 'announce'; readonly texts: readonly string[] }
  | { readonly kind: 'peek'; readonly intake: number; readonly count: number }
  | { readonly kind: 'admit'; readonly intake: number }
  /** A run that no notification asked for. */
  | { readonly kind: 'admit unasked'; readonly run: string }
  | {
      readonly kind: 'turn'
      readonly consumer: string
      readonly slot: number
      readonly outcomes: readonly OutcomeName[]
      readonly free: number
      readonly lowFirst: number
      readonly looksAtAll: boolean
      readonly wokenFor: readonly string[]
    }
  | { readonly kind: 'beat'; readonly consumer: string }
  /** A worker says something about an attempt that it lost long ago, or that never was. */
  | {
      readonly kind: 'zombie'
      readonly consumer: string
      readonly pick: number
      readonly says: OutcomeName | 'beat'
      readonly as: 'itself' | 'the fence before' | 'another token'
    }
  /** No beat of this worker arrives for longer than a lease. */
  | { readonly kind: 'silence'; readonly consumer: string }
  /** It dies, and one of its name knows nothing of its attempts. */
  | { readonly kind: 'restart'; readonly consumer: string }
  /** All of that, so many times in a row: it takes something, dies of it, and that is taken back. */
  | {
      readonly kind: 'crash'
      readonly consumer: string
      readonly times: number
      readonly fate: FateKind | 'none'
    }
  /** Its supervisor says something of a worker, or what it has said is forgotten. */
  | { readonly kind: 'fate'; readonly consumer: string; readonly fate: FateKind | 'none' }
  | { readonly kind: 'reclaim'; readonly isLate: boolean }
  | { readonly kind: 'promote'; readonly limit: number }
  /** Every delay is over. */
  | { readonly kind: 'later' }
  | { readonly kind: 'end of rest' }
  | Steering
  | { readonly kind: 'stray'; readonly run: string }
  /** The run is one that the release before has written. */
  | { readonly kind: 'layout before'; readonly run: string }
  | {
      readonly kind: 'repair'
      readonly run: string
      readonly damage: Damage
      readonly others: readonly string[]
      readonly isDry: boolean
    }
  /** Somebody reads how a run ended, to write its verdict. */
  | { readonly kind: 'read end'; readonly run: string }
  | { readonly kind: 'verdict written'; readonly pick: number }
  /** A script that was sent some time ago is sent once more, as ioredis does after a lost reply. */
  | { readonly kind: 'resend'; readonly back: number }

/** What operators, jobs and housekeeping ask for. */
export type Steering =
  | { readonly kind: 'cancel' | 'purge' | 'remove result'; readonly run: string }
  | {
      readonly kind: 'rerun'
      readonly runs: readonly string[]
      readonly trigger: 'reprocess' | 'redrive' | 'sweep'
      readonly isForced: boolean
      readonly isKnownToCaller: boolean
      /** The job whose step it is, and how far beside its position. */
      readonly step?: { readonly job: string; readonly beside: number } | undefined
    }
  | { readonly kind: 'begin job' | 'end job'; readonly job: string }
  | { readonly kind: 'withdraw'; readonly job: string; readonly runs: readonly string[] }
  | {
      readonly kind: 'prune'
      readonly isAnyAge: boolean
      readonly maxRuns: number
      readonly limit: number
      readonly passed: number
    }
  /** Consumers that hold nothing are removed. */
  | { readonly kind: 'retire' }

export interface Step {
  readonly operation: Operation
  /** Every script of it is sent a second time at once. */
  readonly isTwice: boolean
}

const run = fc.constantFrom(...RUNS)
const runs = fc.uniqueArray(run, { minLength: 1, maxLength: 3 })
const consumer = fc.constantFrom(...CONSUMERS)
const job = fc.constantFrom(...JOBS)
const outcome = fc.constantFrom(...OUTCOMES, 'fail', 'fail')
const intake = fc.constantFrom(0, 1)
const text = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...OBJECTS), fc.constantFrom(...GENERATIONS), fc.constantFrom('e1', 'e2', ''))
      .map((words) => `created ${words.join(' ')}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...OBJECTS), fc.constantFrom(...GENERATIONS, ''))
      .map((words) => `removed ${words.join(' ')}`),
  },
  { weight: 1, arbitrary: fc.constant('broken') },
)

const is = <K extends Operation['kind']>(kind: K) => fc.constant(kind)
const WEIGHTED: readonly [number, fc.Arbitrary<Operation>][] = [
  [6, fc.record({ kind: is('announce'), texts: fc.array(text, { minLength: 1, maxLength: 4 }) })],
  [6, fc.record({ kind: is('peek'), intake, count: fc.integer({ min: 1, max: 5 }) })],
  [8, fc.record({ kind: is('admit'), intake })],
  [3, fc.record({ kind: is('admit unasked'), run })],
  [
    24,
    fc.record({
      kind: is('turn'),
      consumer,
      slot: fc.constantFrom(0, 1),
      outcomes: fc.array(outcome, { maxLength: 3 }),
      free: fc.integer({ min: 0, max: 3 }),
      lowFirst: fc.integer({ min: 0, max: 2 }),
      looksAtAll: fc.constantFrom(false, false, true),
      wokenFor: fc.oneof(fc.constant([]), fc.array(fc.constantFrom(...FUNCTIONS), { maxLength: 3 })),
    }),
  ],
  [3, fc.record({ kind: is('beat'), consumer })],
  [
    4,
    fc.record({
      kind: is('zombie'),
      consumer,
      pick: fc.nat(50),
      says: fc.oneof(outcome, fc.constant('beat' as const)),
      as: fc.constantFrom('itself', 'the fence before', 'another token'),
    }),
  ],
  [5, fc.record({ kind: is('silence'), consumer })],
  [2, fc.record({ kind: is('restart'), consumer })],
  [
    8,
    fc.record({
      kind: is('crash'),
      consumer,
      times: fc.integer({ min: 1, max: 4 }),
      fate: fc.constantFrom('crashed', 'crashed', 'held', 'none', 'none'),
    }),
  ],
  [3, fc.record({ kind: is('fate'), consumer, fate: fc.constantFrom('crashed', 'held', 'starved', 'none') })],
  [4, fc.record({ kind: is('reclaim'), isLate: fc.constantFrom(false, false, false, false, true) })],
  [4, fc.record({ kind: is('promote'), limit: fc.constantFrom(1, 10) })],
  [3, fc.record({ kind: is('later') })],
  [2, fc.record({ kind: is('end of rest') })],
  [3, fc.record({ kind: is('cancel'), run })],
  [1, fc.record({ kind: is('purge'), run })],
  [1, fc.record({ kind: is('remove result'), run })],
  [1, fc.record({ kind: is('stray'), run })],
  [4, fc.record({ kind: is('layout before'), run })],
  [
    7,
    fc.record({
      kind: is('rerun'),
      runs,
      trigger: fc.constantFrom('reprocess', 'redrive', 'sweep'),
      isForced: fc.boolean(),
      isKnownToCaller: fc.boolean(),
      step: fc.option(fc.record({ job, beside: fc.constantFrom(0, 0, 0, 1, -1) }), { nil: undefined }),
    }),
  ],
  [2, fc.record({ kind: is('begin job'), job })],
  [1, fc.record({ kind: is('end job'), job })],
  [1, fc.record({ kind: is('withdraw'), job, runs })],
  [
    2,
    fc.record({
      kind: is('prune'),
      isAnyAge: fc.boolean(),
      maxRuns: fc.nat(6),
      limit: fc.integer({ min: 1, max: 4 }),
      passed: fc.constantFrom(0, 0, 1, 2),
    }),
  ],
  [
    3,
    fc.record({
      kind: is('repair'),
      run,
      damage: fc.constantFrom('entry', 'pending', 'delay'),
      others: runs,
      isDry: fc.constantFrom(false, false, true),
    }),
  ],
  [1, fc.record({ kind: is('retire') })],
  [4, fc.record({ kind: is('read end'), run })],
  [4, fc.record({ kind: is('verdict written'), pick: fc.nat(5) })],
  [6, fc.record({ kind: is('resend'), back: fc.nat(12) })],
]

const operation = fc.oneof(...WEIGHTED.map(([weight, arbitrary]) => ({ weight, arbitrary })))

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ operation, isTwice: fc.constantFrom(false, false, true) }),
  { maxLength: 140, size: 'max' },
)
