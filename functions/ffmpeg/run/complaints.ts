/**
 * Warnings and errors that a running FFmpeg writes to standard error, and whether it hung after one. However much it writes, the
 * last lines are kept, and of each known pattern the first line that matches: bounded in memory and work.
 * @module
 */
import type { ChildProcess } from 'node:child_process'
import { NOTABLE, SHORT_OF_MEMORY } from '../words/diagnosis.ts'
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

/** The beginning of a longer line is enough. */
const MAX_LINE_CHARACTERS = 2_000
/** Lines that differ in their numbers alone are looked at once; so many kinds are remembered. */
const MAX_KINDS = 2_000

export interface NotableLines {
  add(text: string): void
  /** Oldest first. */
  lines(): readonly string[]
}

/** @param onNotable - called with each line that is kept, as soon as it is there */
export function createNotableLines(
  patterns: readonly RegExp[],
  onNotable: (line: string) => void = () => {},
): NotableLines {
  const wanted = new Set(patterns)
  const kept: string[] = []
  const kinds = new Set<string>()
  let rest = ''

  const look = (text: string) => {
    const line = cleanLine(text.slice(0, MAX_LINE_CHARACTERS))
    const kind = line.replaceAll(/0x[0-9a-f]+|\d+/g, '#')
    if (line === '' || kinds.has(kind)) return
    if (kinds.size < MAX_KINDS) kinds.add(kind)
    const matching = [...wanted].filter((pattern) => pattern.test(line))
    if (matching.length === 0) return
    for (const pattern of matching) wanted.delete(pattern)
    kept.push(line)
    onNotable(line)
  }

  return {
    add(text) {
      const lines = (rest + text).split(/[\r\n]+/)
      rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS)
      for (const line of lines) look(line)
    },
    lines() {
      look(rest)
      rest = ''
      return kept
    },
  }
}

const MAX_CHARACTERS = 16 * 1024

export interface LastLines {
  add(text: string): void
  /** At most `count` lines, oldest first, without control characters and empty lines. */
  lines(count?: number): readonly string[]
}

export function createLastLines(maxCharacters = MAX_CHARACTERS): LastLines {
  let tail = ''
  return {
    add(text) {
      tail = (tail + text).slice(-maxCharacters)
    },
    lines(count = 20) {
      return tail
        .split(/[\r\n]+/)
        .map(cleanLine)
        .filter((line) => line !== '')
        .slice(-count)
    },
  }
}

/** A line of FFmpeg that may be shown: it may quote the file, and an escape sequence must not reach a terminal. */
function cleanLine(line: string): string {
  return (
    line
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
      .trimEnd()
      // The port and token of our proxy are private, and equal failures should look equal.
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+\/\w+/g, 'source')
  )
}
