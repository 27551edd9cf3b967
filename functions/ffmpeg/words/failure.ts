/** A failed FFmpeg run -> the error that says what the runtime shall do. @module */
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

/** Bad input as a {@link PermanentError}, anything else as a {@link ToolError}, which is retried; both know the last lines. */
export function failureOf(result: FfmpegResult): Error {
  const { reason, isPermanent } = diagnose(result)
  const what = result.tool === 'ffprobe' ? 'FFmpeg cannot read the file' : 'FFmpeg cannot cut the file'
  const toolError = new ToolError(`${what}: ${reason}`, result)
  return isPermanent ? new PermanentError(toolError.message, { cause: toolError }) : toolError
}
