/**
 * The attempts in progress in this worker: until when each has a lease, and which have run or been silent for too long.
 * One timer watches all of them. Time here is the monotonic clock, never the wall's.
 * @module
 */
import type { FunctionDefinition, Progress } from '../function/definition.ts'
import type { Claim } from '../queue/run.ts'
import { SECOND_MS } from '../time.ts'
import { createToldLines, type ToldLines } from './told-lines.ts'
import type { StandstillKind, StandstillWatch } from './standstill.ts'

/** Why the runtime ended an attempt: the reason of its AbortSignal. */
export class AttemptAborted extends Error {
  override readonly name = 'AttemptAborted'
  readonly why: 'timeout' | 'stalled' | 'blocked' | 'cancelled' | 'lost' | 'released' | 'isolated'

  constructor(why: AttemptAborted['why'], message: string) {
    super(message)
    this.why = why
  }
}

export interface InFlightAttempt {
  readonly claim: Claim
  readonly definition: FunctionDefinition
  /** The reason of its abort; `signal.aborted` would make the signal. */
  readonly aborted: AttemptAborted | undefined
  /** Made when it is read: it is among the most expensive parts of an attempt. */
  readonly signal: AbortSignal
  readonly startedAtMs: number
  /** Bytes were transferred, or the handler reported progress. */
  readonly active: () => void
  progress: Progress | undefined
  /** The progress that Redis has. */
  storedProgress: Progress | undefined
  /** Of its tools, since they were last taken. */
  readonly lines: ToldLines
}

export interface InFlight {
  readonly size: number
  /** How many of a function's attempts are in progress. */
  count(functionName: string): number
  /** A run is in progress that may kill this process, and has not yet shown that it does not: it runs alone. */
  readonly isAlone: boolean
  add(claim: Claim, definition: FunctionDefinition): InFlightAttempt
  delete(attempt: InFlightAttempt): void
  all(): readonly InFlightAttempt[]
  /** The lease was renewed by a call that was sent at `sentAtMs`. */
  renewed(attempt: InFlightAttempt, sentAtMs: number): void
  abort(attempt: InFlightAttempt, why: AttemptAborted['why'], message: string): void
  abortAll(why: AttemptAborted['why'], message: string): void
  find(runId: string): InFlightAttempt | undefined
  /** The one that has made this signal. */
  findBySignal(signal: AbortSignal): InFlightAttempt | undefined
  /** Attempts that have been in progress for longer than that. */
  olderThan(ms: number): readonly InFlightAttempt[]
  /** Attempts that have been silent for more than half of the time they may be. */
  quiet(): readonly InFlightAttempt[]
  /**
   * Ends attempts that could not renew their lease.
   *
   * @param stood - for how long this process's event loop stood still since a time, and why
   * @param strayCount - handlers that are still running after their attempts
   */
  watchLeases(stood: StandstillWatch['since'], strayCount: number): void
  /** Ends attempts that took too long or were silent. */
  watch(): void
}

class Entry implements InFlightAttempt {
  readonly claim: Claim
  readonly definition: FunctionDefinition
  readonly startedAtMs: number
  readonly active: () => void
  /** Its index in the list. */
  at: number
  renewedAtMs: number
  activeAtMs: number
  progress: Progress | undefined = undefined
  storedProgress: Progress | undefined = undefined
  #lines: ToldLines | undefined = undefined
  aborted: AttemptAborted | undefined = undefined
  #controller: AbortController | undefined = undefined

  constructor(claim: Claim, definition: FunctionDefinition, at: number, now: () => number) {
    this.claim = claim
    this.definition = definition
    this.at = at
    this.startedAtMs = this.renewedAtMs = this.activeAtMs = now()
    this.active = () => {
      this.activeAtMs = now()
    }
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.aborted) this.#controller.abort(this.aborted)
    }
    return this.#controller.signal
  }

  hasMade(signal: AbortSignal): boolean {
    return this.#controller?.signal === signal
  }

  get lines(): ToldLines {
    return (this.#lines ??= createToldLines())
  }

  /** The first reason counts. */
  abort(why: AttemptAborted['why'], message: string): void {
    if (this.aborted) return
    this.aborted = new AttemptAborted(why, message)
    this.#controller?.abort(this.aborted)
  }
}

/**
 * A run that kills its process mostly does so at once. After this time others run beside it, so that one run of hours whose worker
 * was lost does not stop everything on a machine with one worker; if it kills later, the others are handed back, uncounted.
 */
const ALONE_MS = 60_000

/** A worker that could not renew for this part of a lease gives its attempts up before another can take them. */
const FENCE_SHARE = 0.8

export interface LeaseLostHere {
  /** For how long the event loop stood still, and why. */
  readonly ms: number
  readonly kind: StandstillKind
  readonly leaseMs: number
  /** No other attempt was there, and no handler of an earlier one. */
  readonly isOnly: boolean
  /** Its run was alone here, at least at first. */
  readonly isSolo: boolean
}

/**
 * Decides what a standstill of the event loop for longer than the lease means for an attempt. The handler that caused it cannot
 * be named afterwards, so a run beside others is not counted and runs alone next; alone, the cause is certain and it counts.
 * A standstill without CPU may also be a stopped process: that counts only for a run that was under suspicion before.
 */
export function judgeStandstill({ ms, kind, leaseMs, isOnly, isSolo }: LeaseLostHere): {
  readonly why: 'blocked' | 'isolated' | 'released'
  readonly message: string
} {
  const stood = `the event loop of its worker stood still for ${seconds(ms)} s, and the lease of ${seconds(leaseMs)} s ran out`
  if (kind === 'starved')
    return { why: 'released', message: `${stood}: this machine is too busy, the worker got no CPU` }
  if (isSolo || (isOnly && kind === 'busy')) {
    const did = kind === 'busy' ? 'computes without a pause' : 'waits in a call that blocks'
    return {
      why: 'blocked',
      message: `its handler blocked the event loop: ${stood}. It ${did}; such work belongs into a child process or a worker thread`,
    }
  }
  return { why: 'isolated', message: `${stood}: it runs alone next, to see which handler blocks it` }
}

function seconds(ms: number): string {
  return (ms / SECOND_MS).toFixed(1).replace(/\.0$/, '')
}

export function createInFlight(leaseMs: number, now = () => performance.now()): InFlight {
  // A row, not a set: what a set's table once held survives the young generation with it.
  const entries: Entry[] = []
  const counts = new Map<string, number>()
  const entryOf = (attempt: InFlightAttempt) => attempt as Entry

  return {
    get size() {
      return entries.length
    },
    get isAlone() {
      const youngMs = now() - ALONE_MS
      return entries.some(({ claim, startedAtMs }) => claim.lane === 'solo' && startedAtMs > youngMs)
    },
    count: (functionName) => counts.get(functionName) ?? 0,
    add(claim, definition) {
      const entry = new Entry(claim, definition, entries.length, now)
      entries.push(entry)
      counts.set(definition.name, (counts.get(definition.name) ?? 0) + 1)
      return entry
    },
    delete(attempt) {
      const { at, definition } = entryOf(attempt)
      if (entries[at] !== attempt) return
      const last = entries.pop() as Entry
      if (last !== attempt) {
        entries[at] = last
        last.at = at
      }
      counts.set(definition.name, (counts.get(definition.name) ?? 0) - 1)
    },
    all: () => [...entries],
    renewed(attempt, sentAtMs) {
      entryOf(attempt).renewedAtMs = sentAtMs
    },
    abort: (attempt, why, message) => entryOf(attempt).abort(why, message),
    abortAll(why, message) {
      for (const entry of entries) entry.abort(why, message)
    },
    find: (runId) => entries.find(({ claim }) => claim.runId === runId),
    findBySignal: (signal) => entries.find((entry) => entry.hasMade(signal)),
    olderThan(ms) {
      const fromMs = now() - ms
      return entries.filter(({ startedAtMs }) => startedAtMs < fromMs)
    },
    quiet() {
      const nowMs = now()
      return entries.filter(
        ({ activeAtMs, definition, aborted }) =>
          !aborted && nowMs - activeAtMs > definition.stallTimeoutMs / 2,
      )
    },
    watchLeases(stood, strayCount) {
      const nowMs = now()
      // Before anyone is ended.
      const isOnly = entries.length === 1 && strayCount === 0
      for (const entry of entries) {
        const unrenewedMs = nowMs - entry.renewedAtMs
        if (entry.aborted || unrenewedMs <= leaseMs * FENCE_SHARE) continue
        const stoodStill = stood(entry.renewedAtMs)
        const { why, message } =
          stoodStill.ms >= unrenewedMs / 2
            ? judgeStandstill({ ...stoodStill, leaseMs, isOnly, isSolo: entry.claim.lane === 'solo' })
            : { why: 'released' as const, message: 'the lease could not be renewed: redis was away' }
        entry.abort(why, message)
      }
    },
    watch() {
      const nowMs = now()
      for (const entry of entries) {
        if (entry.aborted) continue
        const { timeoutMs, stallTimeoutMs } = entry.definition
        if (nowMs - entry.startedAtMs > timeoutMs) {
          entry.abort('timeout', `the attempt took longer than ${timeoutMs / 1_000} s (timeout)`)
        } else if (nowMs - entry.activeAtMs > stallTimeoutMs) {
          entry.abort('stalled', `nothing moved for ${stallTimeoutMs / 1_000} s (stallTimeout)`)
        }
      }
    },
  }
}
