/** Watches one child: the time since its last message, and its CPU time since then (Linux only). @module */
import { readFileSync } from 'node:fs'
import { judgeSilence, type Activity, type Judgement, type SilenceLimits } from './silence.ts'

export interface HeartbeatWatch {
  readonly isReady: boolean
  heard(): void
  ready(): void
  /** To be called about each second; a much longer time is a pause of the supervisor's own and is not counted in full. */
  check(): Judgement
}

/** A later call may find messages that have not been read yet. */
const LONGEST_STEP_MS = 2_000

export interface HeartbeatWatchParts {
  readonly pid: number | undefined
  readonly limits: SilenceLimits
  readonly now?: () => number
  readonly read?: (pid: number) => ProcessTimes | undefined
}

export function createHeartbeatWatch({
  pid,
  limits,
  now = () => performance.now(),
  read = readProcessTimes,
}: HeartbeatWatchParts): HeartbeatWatch {
  let isReady = false
  let checkedAtMs = now()
  let silentMs = 0
  let stillMs = 0
  // At the last message, and at the last call; 0 at the start.
  let cpuAtHeartbeatMs = 0
  let cpuMs = 0

  const times = () => (pid === undefined ? undefined : read(pid))
  const hear = () => {
    silentMs = 0
    stillMs = 0
    cpuAtHeartbeatMs = cpuMs = times()?.cpuMs ?? cpuMs
  }

  return {
    get isReady() {
      return isReady
    },
    heard() {
      // Loading is timed from the start, whatever messages arrive meanwhile.
      if (isReady) hear()
    },
    ready() {
      isReady = true
      hear()
    },
    check() {
      const sinceMs = Math.min(now() - checkedAtMs, LONGEST_STEP_MS)
      checkedAtMs = now()
      silentMs += sinceMs
      const found = times()
      stillMs = found && found.cpuMs > cpuMs ? 0 : stillMs + sinceMs
      cpuMs = found?.cpuMs ?? cpuMs
      const process = found && { cpuMs: cpuMs - cpuAtHeartbeatMs, stillMs, activity: found.activity }
      return judgeSilence({ isReady, forMs: silentMs, process }, limits)
    },
  }
}

/** Times of the main thread of another process, which runs its event loop. */
export interface ProcessTimes {
  /** Since its start. */
  readonly cpuMs: number
  readonly activity: Activity
}

/** Linux reports times in hundredths of a second, whatever its own clock does (`USER_HZ`). */
const TICK_MS = 10

/** Undefined where there is no /proc, or no such process. Read at once: the files of /proc are never waited for. */
export function readProcessTimes(pid: number): ProcessTimes | undefined {
  try {
    return parseProcessTimes(readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1'))
  } catch {
    // Another system, or the process is gone, which is noticed in another way.
    return undefined
  }
}

/**
 * Shape: `4711 (node (x)) R 1 …`; the name may hold anything, so fields are counted behind its last parenthesis.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function parseProcessTimes(stat: string): ProcessTimes | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  const ticks = Number(fields[11]) + Number(fields[12])
  if (!state || !Number.isFinite(ticks)) return undefined
  return {
    cpuMs: ticks * TICK_MS,
    activity: state === 'R' ? 'runnable' : state === 'D' ? 'disk' : 'asleep',
  }
}
