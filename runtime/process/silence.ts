/**
 * The meaning of a child's silence: it is loading, starved by a busy machine, or blocked. Pure.
 *
 * A handler that loops uses CPU and never answers; a starved process gets next to none; one that waits in a blocking call,
 * or was stopped, uses none although it could. So silence alone kills no process: its CPU time meanwhile decides.
 * @module
 */
import { MINUTE_MS, SECOND_MS } from '../time.ts'

/** How the system sees a process's main thread: it has or wants a processor, waits for a disk, or waits for anything else. */
export type Activity = 'runnable' | 'disk' | 'asleep'

export interface Silence {
  /** Whether the child works; before that, only its loading time is limited. */
  readonly isReady: boolean
  /** Time since its last message, or while it loads since its start; only time in which the supervisor itself ran counts. */
  readonly forMs: number
  /** CPU time and state of the process; undefined where there is no /proc. */
  readonly process?:
    | {
        /** CPU time that its main thread has used meanwhile. */
        readonly cpuMs: number
        /** For how long its CPU time has not moved. */
        readonly stillMs: number
        readonly activity: Activity
      }
    | undefined
}

export interface SilenceLimits {
  /** From then on other processes learn whether its runs should be taken back or left with it. */
  readonly concernMs: number
  /** This much CPU time without a message is a loop; this much time without any CPU time is a standstill. */
  readonly silentMs: number
  /** The longest wait for a starved child. */
  readonly starvedMs: number
  /** How long loading may take, and how long when the machine is too busy for it. */
  readonly loadingMs: number
  readonly starvedLoadingMs: number
  /** The longest silence of a process about which nothing else is known. */
  readonly blindMs: number
}

export const SILENCE_LIMITS: SilenceLimits = {
  concernMs: 10 * SECOND_MS,
  silentMs: 20 * SECOND_MS,
  starvedMs: 10 * MINUTE_MS,
  loadingMs: 5 * MINUTE_MS,
  starvedLoadingMs: 20 * MINUTE_MS,
  blindMs: 2 * MINUTE_MS,
}

/** Before leases run out, and later than a message sent each second usually arrives. */
export function concernMs(leaseMs: number): number {
  return Math.min(Math.max(leaseMs / 4, 2 * SECOND_MS), SILENCE_LIMITS.concernMs)
}

/** No turn of an event loop takes so much CPU time, however long it has to wait for it. */
const LONG_TURN_MS = 2 * SECOND_MS

/** `held` and `starved` wait as well: the child may come back. `why` completes "the process …". */
export type Judgement =
  { readonly kind: 'fine' } | { readonly kind: 'held' | 'starved' | 'kill'; readonly why: string }

const FINE: Judgement = { kind: 'fine' }

export function judgeSilence(silence: Silence, limits: SilenceLimits = SILENCE_LIMITS): Judgement {
  return silence.isReady ? judgeServing(silence, limits) : judgeLoading(silence, limits)
}

function judgeLoading({ forMs, process }: Silence, limits: SilenceLimits): Judgement {
  if (forMs < limits.loadingMs) return FINE
  const isStarved = process && process.activity !== 'asleep' && process.cpuMs < forMs / 4
  if (isStarved && forMs < limits.starvedLoadingMs)
    return { kind: 'starved', why: `is still loading after ${inSeconds(forMs)}: this machine is too busy` }
  return { kind: 'kill', why: `was not ready ${inSeconds(forMs)} after its start` }
}

function judgeServing({ forMs, process }: Silence, limits: SilenceLimits): Judgement {
  const silent = `had an event loop that did not turn for ${inSeconds(forMs)}`
  if (!process) {
    if (forMs >= limits.blindMs) return { kind: 'kill', why: silent }
    return forMs >= limits.silentMs ? { kind: 'held', why: silent } : FINE
  }
  const { cpuMs, stillMs, activity } = process
  const busy = `${silent} while it used ${inSeconds(cpuMs)} of CPU`
  if (cpuMs >= limits.silentMs) return { kind: 'kill', why: busy }
  if (activity === 'asleep' && stillMs >= limits.silentMs)
    return { kind: 'kill', why: `${silent}: it was stopped, or waits in a call that blocks` }
  if (forMs >= limits.starvedMs) return { kind: 'kill', why: busy }
  if (forMs < limits.concernMs) return FINE
  if (cpuMs >= Math.min(forMs / 2, LONG_TURN_MS)) return { kind: 'held', why: busy }
  if (activity === 'asleep' && stillMs >= limits.concernMs) return { kind: 'held', why: silent }
  // After that others may have its runs, if they can do them.
  if (forMs >= limits.blindMs) return FINE
  return { kind: 'starved', why: `${busy}: this machine is too busy` }
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / SECOND_MS)} s`
}
