/** A failed FFmpeg run -> the error that decides whether the runtime retries. @module */
import { PermanentError } from '../../../runtime/index.ts'
import { diagnose, hasLostInput } from './diagnosis.ts'
import { type FfmpegResult, ToolError } from './result.ts'

/**
 * FFmpeg ended well, and read its input to the end: some builds take a lost connection for the end of the file.
 *
 * @throws {PermanentError} {@link ToolError} as {@link failureOf} says
 */
export function mustHaveSucceeded(result: FfmpegResult): void {
  if (result.exitCode !== 0 || hasLostInput(result)) throw failureOf(result)
}

/** A {@link PermanentError} for bad input, a {@link ToolError}, which is retried, for anything else; both carry the last lines. */
export function failureOf(result: FfmpegResult): Error {
  const { reason, isPermanent } = diagnose(result)
  const what = result.tool === 'ffprobe' ? 'FFmpeg cannot read the file' : 'FFmpeg cannot cut the file'
  const toolError = new ToolError(`${what}: ${reason}`, result)
  return isPermanent ? new PermanentError(toolError.message, { cause: toolError }) : toolError
}
