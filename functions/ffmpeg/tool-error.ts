/** What is thrown when FFmpeg or ffprobe could not do its work. It knows nothing of retries. @module */

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
