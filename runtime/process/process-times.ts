/** CPU time and state of the main thread of another process, which runs its event loop. Linux only. @module */
import { readFileSync } from 'node:fs'
import type { Activity } from './silence.ts'

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
