/** A failed FFmpeg run -> the error that decides whether the runtime retries. @module */
import { PermanentError } from '../../../runtime/index.ts'
import { diagnose, hasBrokenOff, hasLostInput } from './diagnosis.ts'
import { type FfmpegResult, ToolError } from './result.ts'

/**
 * FFmpeg ended well, and read its input to the end: some builds take a lost connection for the end of the file.
 *
 * @throws {PermanentError} {@link ToolError} as {@link failureOf} says
 */
export function mustHaveSucceeded(result: FfmpegResult, work?: string, tornHint?: string): void {
  if (result.exitCode !== 0 || hasLostInput(result)) throw failureOf(result, work, tornHint)
}

/**
 * A {@link PermanentError} for bad input, a {@link ToolError}, which is retried, for anything else; both carry the last lines.
 *
 * @param work - what FFmpeg was to do with the file, as a verb
 * @param tornHint - ends the message where the file is truncated
 */
export function failureOf(result: FfmpegResult, work = 'cut', tornHint = ''): Error {
  const { reason, isPermanent } = diagnose(result)
  const what = `FFmpeg cannot ${result.tool === 'ffprobe' ? 'read' : work} the file`
  const toolError = new ToolError(
    `${what}: ${reason}${isPermanent && hasBrokenOff(result) ? tornHint : ''}`,
    result,
  )
  return isPermanent ? new PermanentError(toolError.message, { cause: toolError }) : toolError
}
