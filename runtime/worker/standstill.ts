/**
 * Records when this process's event loop was blocked, and why: a handler computed or waited in a blocking call, or the machine
 * gave the process no CPU. A late timer shows it afterwards. Time here is the monotonic clock.
 * @module
 */
import { readFileSync } from 'node:fs'
import { SECOND_MS } from '../time.ts'

/** It computed; it waited in a call, or was stopped; it got no CPU. */
export type StandstillKind = 'busy' | 'asleep' | 'starved'

export interface Usage {
  /** CPU time of the main thread; of the whole process where the system does not separate the two. */
  readonly cpuMs: number
  /** For how long the main thread has waited for a processor; undefined where the system does not report it. */
  readonly waitedMs: number | undefined
}

export interface StandstillWatch {
  /** To be called by a timer of `everyMs`. */
  sample(): void
  /** For how long it stood still since then, and what it did for most of that time. */
  since(fromMs: number): { readonly ms: number; readonly kind: StandstillKind }
}

interface Standstill {
  readonly fromMs: number
  readonly toMs: number
  readonly kind: StandstillKind
}

/** A timer may be this late unnoticed. */
const LATE_MS = SECOND_MS
/** No turn of an event loop takes so much CPU time, however long it has to wait for it. */
const LONG_TURN_MS = SECOND_MS
/** More than a lease ever sees. */
const MOST_KEPT = 100

export interface StandstillParts {
  readonly everyMs: number
  readonly now?: () => number
  readonly usage?: () => Usage
}

export function createStandstillWatch({
  everyMs,
  now = () => performance.now(),
  usage = ownUsage,
}: StandstillParts): StandstillWatch {
  let sampledAtMs = now()
  let last = usage()
  let kept: Standstill[] = []

  return {
    sample() {
      const atMs = now()
      const used = usage()
      const lateMs = atMs - sampledAtMs - everyMs
      if (lateMs > LATE_MS) {
        const waitedMs =
          used.waitedMs === undefined || last.waitedMs === undefined
            ? undefined
            : used.waitedMs - last.waitedMs
        const kind = kindOf(lateMs, { cpuMs: used.cpuMs - last.cpuMs, waitedMs })
        kept = [...kept.slice(1 - MOST_KEPT), { fromMs: sampledAtMs, toMs: atMs, kind }]
      }
      sampledAtMs = atMs
      last = used
    },
    since(fromMs) {
      const msOf = { busy: 0, asleep: 0, starved: 0 }
      for (const { kind, ...span } of kept)
        msOf[kind] += Math.max(0, span.toMs - Math.max(span.fromMs, fromMs))
      const kinds = (['busy', 'asleep', 'starved'] as const).toSorted((a, b) => msOf[b] - msOf[a])
      return { ms: msOf.busy + msOf.asleep + msOf.starved, kind: kinds[0] as StandstillKind }
    },
  }
}

/** @param used - while it stood still for `ms` */
export function kindOf(ms: number, { cpuMs, waitedMs }: Usage): StandstillKind {
  if (cpuMs >= Math.min(ms / 2, LONG_TURN_MS)) return 'busy'
  return waitedMs !== undefined && waitedMs >= ms / 2 ? 'starved' : 'asleep'
}

/** @see https://docs.kernel.org/scheduler/sched-stats.html: time on a processor and time waited for one, in nanoseconds */
function ownUsage(): Usage {
  try {
    const [cpuNs, waitedNs] = readFileSync('/proc/self/schedstat', 'latin1').split(' ').map(Number)
    if (cpuNs && waitedNs !== undefined) return { cpuMs: cpuNs / 1e6, waitedMs: waitedNs / 1e6 }
  } catch {
    // Another system, or a kernel that does not count it.
  }
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1_000, waitedMs: undefined }
}
