/**
 * Standard error of FFmpeg -> what it complains of, and what it counts at its end. The counts come only with much talk
 * (`-loglevel level+verbose`): what is neither warning nor error is looked through for them and forgotten. Pure but for its
 * own state.
 * @module
 */
import { createLineSplitter } from './line-splitter.ts'
import { createPacketCounter, type BackStep, type PacketCounts } from './packet-counts.ts'

export interface ToolLines {
  add(this: void, text: string): void
  /** The rest without a line end. */
  end(this: void): void
  counts(this: void): PacketCounts | undefined
  backSteps(this: void): readonly BackStep[]
}

/** `[mp4 @ 0x55d0] [warning] text`; without `level+` there is no such mark. */
const LEVEL = /\[(?:(panic|fatal|error|warning)|info|verbose|debug|trace)\] /

/** @param onComplaint - told of each line that is a warning or an error, or has no level */
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
