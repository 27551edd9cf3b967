/**
 * Text that arrives in pieces -> whole lines, in bounded memory; and of FFmpeg's standard error, its complaints and the packet
 * counts at its end. The counts are printed only at `-loglevel level+verbose`: lines that are neither warnings nor errors are
 * searched for counts and dropped. Pure but for its own state.
 * @module
 */
import { createPacketCounter, type BackStep, type PacketCounts } from './packet-counts.ts'

/** Longer lines are passed on in pieces of about this length: no working tool writes such a line. */
export const MAX_LINE_CHARACTERS = 10 * 1024 ** 2

export interface LineSplitter {
  add(text: string): void
  /** The rest without a line end, when the stream is over. */
  end(): void
}

export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  let rest = ''
  return {
    add(text) {
      // Unfinished text is only appended to: searching it again with each piece would take forever on a long line.
      const lines = text.split('\n')
      lines[0] = rest + lines[0]
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
      if (rest.length > MAX_LINE_CHARACTERS) {
        onLine(rest)
        rest = ''
      }
    },
    end() {
      if (rest !== '') onLine(rest)
      rest = ''
    },
  }
}

export interface ToolLines {
  add(this: void, text: string): void
  /** The rest without a line end. */
  end(this: void): void
  counts(this: void): PacketCounts | undefined
  backSteps(this: void): readonly BackStep[]
}

/** `[mp4 @ 0x55d0] [warning] text`; without `level+` there is no such mark. */
const LEVEL = /\[(?:(panic|fatal|error|warning)|info|verbose|debug|trace)\] /

/** @param onComplaint - called with each line that is a warning or an error, or has no level */
export function createToolLines(onComplaint: (line: string) => void): ToolLines {
  const counter = createPacketCounter()
  const splitter = createLineSplitter((line) => {
    const level = LEVEL.exec(line)
    counter.add(line)
    if (level && level[1] === undefined) return
    const said = level ? line.slice(0, level.index) + line.slice(level.index + level[0].length) : line
    onComplaint(said)
  })
  return {
    add: (text) => splitter.add(text),
    end: () => splitter.end(),
    counts: () => counter.counts(),
    backSteps: () => counter.backSteps(),
  }
}
