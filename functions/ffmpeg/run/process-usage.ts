/** CPU time and peak memory of a child process. On Linux only. @module */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { ffmpegCpuSeconds, ffmpegMaxRssBytes, type Profile } from './metrics.ts'

/** Of `/proc/<pid>/stat`: `USER_HZ`, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
/** A process is looked at after 30 ms, 60 ms and so on: the kernel keeps the highest value itself. */
const FIRST_LOOK_MS = 30
/** At last so often; takes, which run for hours and do not grow, less often: a look is a tenth of a percent of a core. */
const LOOK_MS: Readonly<Partial<Record<Profile, number>>> = { receive: 60_000 }
const USUAL_LOOK_MS = 500

/**
 * Counts what `child` takes until its end. The kernel tells a parent the CPU time of all children that ended, exactly but in
 * one sum: what it has grown by belongs to the one that just ended. (Of two that end in the same instant one gets both.)
 */
export function countUsage(child: ChildProcess, profile: Profile): void {
  const { pid } = child
  if (pid === undefined || process.platform !== 'linux') return
  let maxRssBytes = 0
  let timer: NodeJS.Timeout | undefined
  let pauseMs = FIRST_LOOK_MS
  const look = async () => {
    maxRssBytes = Math.max(maxRssBytes, peakBytesOf(await readFile(`/proc/${pid}/status`, 'utf8')))
    pauseMs = Math.min(2 * pauseMs, LOOK_MS[profile] ?? USUAL_LOOK_MS)
    timer = setTimeout(lookSoon, pauseMs).unref()
  }
  // It ended meanwhile.
  const lookSoon = () => void look().catch(() => undefined)
  timer = setTimeout(lookSoon, FIRST_LOOK_MS).unref()
  child.once('exit', () => {
    clearTimeout(timer)
    ffmpegCpuSeconds.inc({ profile }, takeGrowth())
    if (maxRssBytes > 0) ffmpegMaxRssBytes.observe({ profile }, maxRssBytes)
  })
}

let countedSeconds = 0

function takeGrowth(): number {
  let seconds: number
  try {
    seconds = childrenSecondsOf(readFileSync('/proc/self/stat', 'utf8'))
  } catch {
    // Too many files are open: the next child's end counts this one's share too.
    return 0
  }
  const growth = seconds - countedSeconds
  countedSeconds = seconds
  return Math.max(0, growth)
}

/** `cutime` and `cstime`: fields 16 and 17; the second one is a name in brackets that may hold spaces. */
export function childrenSecondsOf(stat: string): number {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(afterName[13]) + Number(afterName[14])) / TICKS_PER_SECOND
}

/** `VmHWM:     1234 kB`; 0 when it is not there, as of a process that is gone but not yet waited for. */
export function peakBytesOf(status: string): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}
