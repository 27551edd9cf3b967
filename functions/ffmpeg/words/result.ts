/** How a run of FFmpeg or ffprobe ended, and the error for one that could not do its work. Knows nothing of retries. @module */

import type { BackStep, PacketCounts } from './packet-counts.ts'

export interface FfmpegResult {
  readonly tool: 'ffmpeg' | 'ffprobe'
  /** Absent when a signal ended it. Any other than 0 is a failure; which number says nothing (builds differ). */
  readonly exitCode?: number
  readonly signal?: NodeJS.Signals
  /** The tail of standard error. */
  readonly lastLines: readonly string[]
  /** Of all of standard error, the first line of each kind that `diagnosis.ts` knows, however much came after it. */
  readonly notableLines?: readonly string[]
  /** It met its memory limit, hung, and was killed for that. */
  readonly stoodStill?: boolean
  /** The furthest media time that `-progress` reported. */
  readonly mediaSeconds?: number
  /** Its counts for each stream; absent when it did not end well, or was not asked to (`-loglevel level+verbose`). */
  readonly counts?: PacketCounts
  /** Where the time of a stream went back. */
  readonly backSteps?: readonly BackStep[]
}

export interface ToolFacts {
  readonly tool: 'ffmpeg' | 'ffprobe'
  readonly exitCode?: number | undefined
  readonly signal?: NodeJS.Signals | undefined
  /** The tail of standard error, oldest first, control characters removed. */
  readonly lastLines?: readonly string[]
  readonly cause?: unknown
}

export class ToolError extends Error {
  override readonly name = 'ToolError'
  readonly tool: 'ffmpeg' | 'ffprobe'
  readonly exitCode: number | undefined
  readonly signal: NodeJS.Signals | undefined
  readonly lastLines: readonly string[]

  constructor(message: string, facts: ToolFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.tool = facts.tool
    this.exitCode = facts.exitCode
    this.signal = facts.signal
    this.lastLines = facts.lastLines ?? []
  }
}
