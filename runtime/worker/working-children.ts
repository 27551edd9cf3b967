/**
 * Tells from CPU time whether a child process of this worker is working: a handler that waits for a tool is not stalled.
 *
 * Only children in the worker's own process group count, which is where `execFile` and `spawn` put them. A child with a
 * group of its own (`detached`), as our FFmpeg has, is watched by the code that started it, by its progress: one that
 * loops for ever would otherwise count as working.
 *
 * @remarks Linux only: elsewhere nothing is found, and a handler has to call `progress` while its tool runs. Which attempt a
 * child belongs to is unknown, so it counts for every attempt of its worker.
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { SECOND_MS } from '../time.ts'
import type { InFlight } from './in-flight.ts'

export interface ProcessFacts {
  readonly pid: number
  readonly parentPid: number
  readonly groupId: number
  /** Its own and that of children that it has waited for, in ticks of 10 ms. */
  readonly cpuTicks: number
}

/**
 * One line of `/proc/<pid>/stat`, `1234 (a name) S 1 1234 …`: fields 1, 4, 5 and 14 to 17 (proc(5)). The name may hold
 * spaces and brackets.
 */
export function parseStat(text: string): ProcessFacts {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return {
    pid: Number.parseInt(text, 10),
    parentPid: Number(fields[1]),
    groupId: Number(fields[2]),
    cpuTicks: ticks,
  }
}

/** The children of `rootPid`, their children and so on, as far as they are in its process group. Pure. */
export function childrenInGroup(all: readonly ProcessFacts[], rootPid: number): readonly ProcessFacts[] {
  const groupId = all.find(({ pid }) => pid === rootPid)?.groupId
  const found: ProcessFacts[] = []
  let parents = new Set([rootPid])
  while (parents.size > 0) {
    const next = all.filter((one) => parents.has(one.parentPid) && one.groupId === groupId)
    found.push(...next)
    parents = new Set(next.map(({ pid }) => pid))
  }
  return found
}

/** Ticks that these processes have used since the check before; a new one counts in full. Pure. */
export function ticksSince(before: ReadonlyMap<number, number>, children: readonly ProcessFacts[]): number {
  return children.reduce((sum, { pid, cpuTicks }) => sum + Math.max(0, cpuTicks - (before.get(pid) ?? 0)), 0)
}

/** The least that counts as work: a hundredth of a core, so that a script that only waits in a loop does not count. */
const LEAST_SHARE = 0.01
const MS_PER_TICK = 10

/** Returns a check: true when the children of this process have worked since the check before. The first result is false. */
export function createChildWatch(
  rootPid = process.pid,
  now = () => performance.now(),
): () => Promise<boolean> {
  let before: { readonly ticks: ReadonlyMap<number, number>; readonly atMs: number } | undefined
  return async () => {
    const children = childrenInGroup(await readProcesses(), rootPid)
    const atMs = now()
    const hasWorked =
      before !== undefined &&
      ticksSince(before.ticks, children) >= Math.max(1, ((atMs - before.atMs) / MS_PER_TICK) * LEAST_SHARE)
    before = { ticks: new Map(children.map(({ pid, cpuTicks }) => [pid, cpuTicks])), atMs }
    return hasWorked
  }
}

async function readProcesses(): Promise<readonly ProcessFacts[]> {
  const names = await readdir('/proc').catch(() => [])
  const stats = await Promise.all(
    // A process may end between the two reads.
    names
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')),
  )
  return stats.filter((text) => text !== '').map(parseStat)
}

/** Each check reads a file for every process of the machine. */
const MAX_EVERY_MS = SECOND_MS

/** Treats attempts that are silent as active while a child process of this worker is working. To be called often: it checks only when an attempt is quiet, and at most once a second or four times in half a silence. */
export function createChildListener(
  inFlight: Pick<InFlight, 'quiet'>,
  haveChildrenWorked = createChildWatch(),
  now = () => performance.now(),
): () => Promise<void> {
  let nextAtMs = 0
  return async () => {
    const quiet = inFlight.quiet()
    if (quiet.length === 0 || now() < nextAtMs) return
    const shortestMs = Math.min(...quiet.map(({ definition }) => definition.stallTimeoutMs))
    nextAtMs = now() + Math.min(MAX_EVERY_MS, shortestMs / 8)
    if (await haveChildrenWorked()) for (const attempt of quiet) attempt.active()
  }
}
