/**
 * A run as Redis stores it: one object version for one function.
 * ```
 * admit -> queued -> running -> succeeded
 *    retrying <- fail - running - fail (permanent, or attempts spent) -> dead - redrive -> queued
 *    running - lease lost -> queued         running - drain -> queued (nothing counted)
 *    queued | retrying | running -> cancelled     at the start, after a look at the store: superseded | source-gone
 * ```
 * @module
 */
import type { Progress } from '../function/definition.ts'
import type { ObjectVersion } from '../storage/object-version.ts'
import type { Lane } from './keys.ts'

export const RUN_STATES = [
  'queued',
  'running',
  'retrying',
  'succeeded',
  'dead',
  'cancelled',
  'superseded',
  'source-gone',
] as const
export type RunState = (typeof RUN_STATES)[number]

/** The states of runs that have not ended. */
export const OPEN_STATES: readonly RunState[] = ['queued', 'running', 'retrying']

export function isOpen(state: RunState): boolean {
  return OPEN_STATES.includes(state)
}

/** The cause of a run. */
export type Trigger = 'upload' | 'sweep' | 'reprocess' | 'redrive'

/** The source of a run as it was announced; stored as JSON. The attempt asks the store for size and metadata. */
export interface RunPayload extends ObjectVersion {
  /** The time of the event according to MinIO, epoch ms. */
  readonly eventTimeMs: number
  /** The options of a reprocess request; they take precedence over all others. */
  readonly options?: Readonly<Record<string, unknown>>
}

/** A claimed run: this worker has its lease, and its fence is the newest. */
export interface Claim {
  readonly runId: string
  readonly functionName: string
  /** Grows with each start; only the newest may write. */
  readonly fence: string
  readonly token: string
  readonly lane: Lane
  /** Attempts that failed before this one. */
  readonly attempts: number
  readonly epoch: number
  readonly payload: RunPayload
  readonly trigger: Trigger
  readonly createdAtMs: number
  readonly queuedAtMs: number
  /** By Redis's clock. */
  readonly claimedAtMs: number
}

/** Everything that Redis knows of a run. */
export interface RunRecord {
  readonly runId: string
  readonly functionName: string
  readonly state: RunState
  readonly payload: RunPayload
  readonly trigger: Trigger
  readonly lane: Lane
  readonly attempts: number
  readonly crashes: number
  /** Workers that were lost without a noted fate while it ran beside other runs. */
  readonly losses: number
  readonly epoch: number
  readonly fence: number
  /** Announcements of its event, the first included: two are expected, one from each target. */
  readonly copies: number
  /** Further announcements. */
  readonly dups: number
  readonly worker?: string
  readonly reason?: string
  readonly error?: string
  readonly lines?: string
  readonly result?: string
  /** Set by a later event: a newer upload (`superseded`) or a deletion (`source-gone`). Only a hint. */
  readonly hint?: string
  /** The last report of its worker. */
  readonly progress?: Progress
  readonly createdAtMs: number
  readonly queuedAtMs?: number
  readonly startedAtMs?: number
  readonly endedAtMs?: number
  readonly dueAtMs?: number
}

/** An attempt of a run that did not succeed, as `note` in `scripts/prelude_queue.lua` keeps it. */
export interface AttemptRecord {
  readonly outcome:
    | 'running'
    | 'succeeded'
    | 'failed'
    | 'dead'
    | 'released'
    | 'lost'
    | 'superseded'
    | 'source-gone'
    | 'cancelled'
  readonly epoch: number
  readonly worker: string
  readonly startedAtMs: number
  /** Absent of one in progress. */
  readonly endedAtMs?: number
  readonly error?: string
  /** The last lines of the tool's log. */
  readonly lines: readonly string[]
}

/** Shape: `["failed",0,"host:12:…",1763900000000,1763900001000,"boom","last line"]`. */
export function parseAttempt(text: string): AttemptRecord {
  const [outcome, epoch, worker, startedAtMs, endedAtMs, error, lines] = JSON.parse(text) as [
    AttemptRecord['outcome'],
    number,
    string,
    number,
    number,
    string,
    string,
  ]
  return {
    outcome,
    epoch,
    worker,
    startedAtMs,
    endedAtMs,
    ...(error && { error }),
    lines: lines ? lines.split('\n') : [],
  }
}

interface RetryPolicy {
  /** Attempts in total, the first one included. */
  readonly maxAttempts: number
  /** The ceiling of the wait before attempt 2; it doubles with each attempt up to `maxDelayMs`. */
  readonly firstDelayMs: number
  readonly maxDelayMs: number
}

/**
 * The wait after attempt number `attempt` (1-based) has failed: anything from 0 to the doubled ceiling ("full jitter"),
 * so that the runs that failed in one outage do not come back in one burst.
 *
 * @param random - uniform in [0, 1); a parameter so that tests are exact
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random = Math.random): number {
  const ceilingMs = Math.min(policy.firstDelayMs * 2 ** (attempt - 1), policy.maxDelayMs)
  return Math.round(ceilingMs * random())
}
