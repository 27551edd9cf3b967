/**
 * FFmpeg for functions of your own: the binary that the runtime has found, run as our own functions run it. That means within
 * a sandbox and limits, when it is its turn, with progress as the sign of life and FFmpeg's last lines as the reason of a failure.
 * @module
 */
import { PermanentError, type FunctionVariables } from '../../runtime/index.ts'
import { COMMON_WORDS, inputArguments } from './arguments.ts'
import { diagnose, hasLostInput } from './words/diagnosis.ts'
import { runFfmpeg, type FfmpegOptions } from './run/ffmpeg.ts'
import { type FfmpegResult, ToolError } from './words/result.ts'
import { mediaInput } from './media-input.ts'
import { createProgressReporter } from './run/progress.ts'

export { ffmpegBinaries, type FfmpegBinaries } from './build/binaries.ts'

/** The part of `c.var` that running a tool takes. */
export type ToolAttempt = Pick<FunctionVariables<unknown>, 'signal' | 'progress' | 'scratch'>

export interface FfmpegCommand {
  /** Results of `source.input()`, or files in the scratch folder; numbered from 0 in the order given. */
  readonly inputs: readonly string[]
  /** Everything after the inputs: maps, filters, encoders, and output files, whose names are relative to the scratch folder. */
  readonly output: readonly string[]
  /** Of the output: makes a percentage and the time left of FFmpeg's progress. */
  readonly durationSeconds?: number
}

/**
 * Runs FFmpeg in `c.var.scratch`; resolves with the lines that it wrote to standard output.
 *
 * @example
 * await ffmpeg(c.var, { inputs: [await source.input()], output: ['-frames:v', '1', 'poster.jpg'] })
 *
 * @throws {PermanentError} when the file is the cause, so that another attempt would end the same
 * @throws {ToolError} any other failure: it is retried
 */
export async function ffmpeg(
  attempt: ToolAttempt,
  { inputs, output, durationSeconds }: FfmpegCommand,
): Promise<readonly string[]> {
  const { report } = createProgressReporter(durationSeconds, attempt.progress)
  const isCopy = output.some(
    (word, at) => word === 'copy' && /^-(c|codec|vcodec|acodec)\b/.test(output[at - 1] ?? ''),
  )
  return run(attempt, {
    tool: 'ffmpeg',
    profile: isCopy ? 'copy' : 'encode',
    arguments: [
      ...COMMON_WORDS,
      ...inputs.flatMap((input) => inputArguments(mediaInput(input, attempt.scratch))),
      ...output,
    ],
    onProgress: report,
  })
}

/**
 * Runs ffprobe on one input; resolves with the lines that it wrote to standard output.
 *
 * @example
 * const [json] = [(await ffprobe(c.var, await source.input(), ['-show_streams', '-of', 'json'])).join('')]
 *
 * @throws {PermanentError} {@link ToolError} as {@link ffmpeg} does
 */
export async function ffprobe(
  attempt: ToolAttempt,
  input: string,
  words: readonly string[],
): Promise<readonly string[]> {
  return run(attempt, {
    tool: 'ffprobe',
    profile: 'probe',
    arguments: [
      '-hide_banner',
      '-v',
      'warning',
      ...words,
      ...inputArguments(mediaInput(input, attempt.scratch)),
    ],
  })
}

async function run(
  { signal, scratch }: ToolAttempt,
  options: Pick<FfmpegOptions, 'tool' | 'profile' | 'arguments' | 'onProgress'>,
): Promise<readonly string[]> {
  const lines: string[] = []
  const result = await runFfmpeg({
    ...options,
    signal,
    cwd: scratch,
    onLine: (line) => void lines.push(line),
  })
  if (result.exitCode !== 0 || hasLostInput(result)) throw failureOf(result)
  return lines
}

function failureOf(result: FfmpegResult): Error {
  const { reason, isPermanent } = diagnose(result)
  const toolError = new ToolError(`${result.tool} failed: ${reason}`, result)
  return isPermanent ? new PermanentError(toolError.message, { cause: toolError }) : toolError
}
