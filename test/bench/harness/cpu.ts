/** CPU time, user and system, and memory by process. Linux only. @module */
import { readFileSync } from 'node:fs'

/** Of the kernel's clock, in all builds of Linux. */
const TICK_MS = 10

export interface CpuTimes {
  readonly ownMs: number
  /** Of its children that have ended, and of theirs. */
  readonly childrenMs: number
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export function parseCpuTimes(stat: string): CpuTimes {
  // Behind the name of the program, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number)
  const [own, children] = [(user ?? NaN) + (system ?? NaN), (childrenUser ?? NaN) + (childrenSystem ?? NaN)]
  if (!Number.isFinite(own + children)) throw new Error(`no times of a process: ${JSON.stringify(stat)}`)
  return { ownMs: own * TICK_MS, childrenMs: children * TICK_MS }
}

/** By name; several processes may share one. */
export type Pids = Readonly<Record<string, readonly number[]>>

/**
 * Begins to count; each call of the result tells the milliseconds since then by name, `tools` (children that have ended) and
 * `all`, divided by `share`.
 *
 * @throws {Error} when one of the processes is gone: then what it used is lost
 */
export function startCpu(pids: Pids): (share: number) => Record<string, number> {
  const read = () =>
    Object.entries(pids).flatMap(([name, each]) =>
      each.map((pid) => ({ name, pid, ...parseCpuTimes(readFileSync(`/proc/${pid}/stat`, 'latin1')) })),
    )
  const before = new Map(read().map((times) => [times.pid, times]))
  return (share) => {
    const used: Record<string, number> = {}
    const add = (name: string, ms: number) => (used[name] = (used[name] ?? 0) + ms / share)
    const times = read().map(({ name, pid, ownMs, childrenMs }) => ({
      name,
      ownMs: ownMs - (before.get(pid)?.ownMs ?? 0),
      childrenMs: childrenMs - (before.get(pid)?.childrenMs ?? 0),
    }))
    for (const { name, ownMs } of times) add(name, ownMs)
    const toolsMs = times.reduce((sum, { childrenMs }) => sum + childrenMs, 0)
    if (toolsMs > 0) add('tools', toolsMs)
    return { ...used, all: Object.values(used).reduce((sum, each) => sum + each, 0) }
  }
}

/**
 * What a process had in memory at most since its start, in MB.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
 */
export function peakMemoryMb(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return Math.round((Number(kib) * 1_024) / 1e6)
}
