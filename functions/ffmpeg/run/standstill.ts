/**
 * Detects a process that hangs at its memory limit: FFmpeg 5.1 then waits in all its threads, or polls every 10 ms for a picture
 * that will never come. Read from the kernel, so on Linux only; elsewhere the stall limit of the attempt ends it.
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

export interface StandstillOptions {
  /** Of its address space. */
  readonly limitBytes: number
  /** It has reported itself that it got no memory. */
  readonly hasComplained: () => boolean
  /** How long it has to be idle. */
  readonly quietMs: number
  /** Ends the watch. */
  readonly signal: AbortSignal
}

const LOOK_MS = 500
/** A slow machine samples less often, and the same number of samples has to agree. */
const MIN_LOOKS = 4
/** Of one core: a process that sleeps and polls uses less. One that works and is starved uses less too, but always waits for a core. */
const IDLE_SHARE = 0.02
/** The allocation that failed may be large. */
const NEARLY_ALL = 0.9

/** Resolves with `true` when it has met its limit and does nothing, and with `false` when the watch or the process ends first. */
export async function sleepsOverMemory(pid: number, options: StandstillOptions): Promise<boolean> {
  const { limitBytes, hasComplained, quietMs, signal } = options
  let since: { readonly atMs: number; readonly ticks: number } | undefined
  let [looks, waking] = [0, 0]
  while (!signal.aborted) {
    const now = await lookAt(pid).catch(() => undefined)
    if (!now) return false
    const atMs = performance.now()
    const quietForMs = atMs - (since?.atMs ?? atMs)
    const workedMs = (now.ticks - (since?.ticks ?? 0)) * MS_PER_TICK
    if (!since || now.isHeldUp || workedMs > MIN_WORK_MS + quietForMs * IDLE_SHARE) {
      since = { atMs, ticks: now.ticks }
      looks = waking = 0
    } else {
      looks++
      if (!now.isAsleep) waking++
      const isLongEnough = looks >= MIN_LOOKS && quietForMs >= quietMs
      const isAtLimit = hasComplained() || now.peakBytes >= limitBytes * NEARLY_ALL
      if (isLongEnough && isAtLimit && waking <= looks / 2) return true
      // Only the last samples count.
      if (isLongEnough) since = undefined
    }
    // The watch alone must not keep a worker alive.
    await pause(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined)
  }
  return false
}

/** `USER_HZ` is 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10
/** The kernel counts whole ticks. */
const MIN_WORK_MS = 2 * MS_PER_TICK

export interface Look {
  /** Every thread sleeps; none has a core, or waits for one. */
  readonly isAsleep: boolean
  /** A thread was stopped, or waits for a disk. */
  readonly isHeldUp: boolean
  readonly ticks: number
  readonly peakBytes: number
}

export async function lookAt(pid: number): Promise<Look> {
  const threads = await readdir(`/proc/${pid}/task`)
  const paths = threads.map((thread) => `/proc/${pid}/task/${thread}/stat`)
  const [status, ...stats] = await Promise.all(
    [`/proc/${pid}/status`, ...paths].map((path) => readFile(path, 'latin1')),
  )
  return { ...parseThreads(stats), peakBytes: peakOf(status ?? '') }
}

/**
 * Of `/proc/<pid>/task/<id>/stat`: fields 3, 14 and 15; the second one is a name in brackets that may hold spaces. Pure.
 */
export function parseThreads(stats: readonly string[]): Omit<Look, 'peakBytes'> {
  const fields = stats.map((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' '))
  return {
    isAsleep: fields.every(([state]) => state === 'S'),
    isHeldUp: fields.some(([state = '']) => !'SR'.includes(state)),
    ticks: fields.reduce((sum, each) => sum + Number(each[11]) + Number(each[12]), 0),
  }
}

/** `VmPeak:     1234 kB`. Pure. */
function peakOf(status: string): number {
  return Number(/^VmPeak:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}
