/** Warnings and errors that a running FFmpeg writes to standard error, and whether it hung after one. @module */
import type { ChildProcess } from 'node:child_process'
import { NOTABLE, SHORT_OF_MEMORY } from '../words/diagnosis.ts'
import { createLastLines, createNotableLines } from '../words/kept-lines.ts'
import type { BackStep, PacketCounts } from '../words/packet-counts.ts'
import { sleepsOverMemory } from './standstill.ts'
import { createToolLines } from '../words/lines.ts'

/** A run that reads through the range proxy also sleeps while the proxy holds bytes back until uploads are done. */
const STANDSTILL_MS = { file: 2_000, url: 30_000 }

export interface Complaints {
  /** At most `count`. */
  lastLines(count?: number): readonly string[]
  /** Of all that was printed, the first line of each kind that `diagnosis.ts` knows. */
  notableLines(): readonly string[]
  /** Undefined when it ended before it printed them. */
  counts(): PacketCounts | undefined
  backSteps(): readonly BackStep[]
  /** It met its memory limit and hung, so it was killed. */
  readonly stoodStill: boolean
}

export interface ComplaintsOptions {
  /** Of its address space. */
  readonly memoryBytes: number
  readonly readsUrl: boolean
  readonly kill: () => void
  /** Each line, as it comes. */
  readonly onLine?: ((line: string) => void) | undefined
}

export function listenToComplaints(
  child: ChildProcess,
  { memoryBytes, readsUrl, kill, onLine }: ComplaintsOptions,
): Complaints {
  const { pid } = child
  const last = createLastLines()
  let stoodStill = false
  const exited = new AbortController()
  child.once('exit', () => exited.abort())
  let hasComplained = false
  const watch = async (pid: number) => {
    stoodStill = await sleepsOverMemory(pid, {
      limitBytes: memoryBytes,
      hasComplained: () => hasComplained,
      quietMs: readsUrl ? STANDSTILL_MS.url : STANDSTILL_MS.file,
      signal: exited.signal,
    })
    if (stoodStill) kill()
  }
  if (pid !== undefined && process.platform === 'linux') void watch(pid)
  const notable = createNotableLines(NOTABLE, (line) => {
    hasComplained ||= SHORT_OF_MEMORY.test(line)
  })
  const said = createToolLines((line) => {
    last.add(`${line}\n`)
    notable.add(`${line}\n`)
    onLine?.(line)
  })
  child.stderr?.setEncoding('utf8').on('data', said.add).on('end', said.end)
  return {
    lastLines: (count) => last.lines(count),
    notableLines: () => notable.lines(),
    counts: said.counts,
    backSteps: said.backSteps,
    get stoodStill() {
      return stoodStill
    },
  }
}
