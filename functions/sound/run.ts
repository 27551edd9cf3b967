/** Runs FFmpeg on a sound, guarded, and says how it failed. @module */
import { PermanentError } from '../../runtime/index.ts'
import { diagnose, hasLostInput } from '../ffmpeg/words/diagnosis.ts'
import { runFfmpeg } from '../ffmpeg/run/ffmpeg.ts'
import { type FfmpegResult, ToolError } from '../ffmpeg/words/result.ts'
import type { OutputReader } from '../ffmpeg/run/outputs.ts'
import type { FfmpegProgress } from '../ffmpeg/run/progress.ts'
import { COMMON_WORDS, inputArguments } from '../ffmpeg/arguments.ts'
import type { MediaInput } from '../ffmpeg/media-input.ts'

export interface SoundRun {
  readonly input: MediaInput
  /** Everything after the input. */
  readonly words: readonly string[]
  /** Sound is as light as a single picture. @defaultValue 'decode' */
  readonly profile?: 'decode' | 'copy'
  readonly scratch: string
  readonly signal: AbortSignal
  readonly onLine?: (line: string) => void
  /** Of `pipe:4` and so on. */
  readonly outputs?: readonly OutputReader[]
  readonly onProgress?: (progress: FfmpegProgress) => void
}

/** WAV counts its bytes with 32 bits. */
export const MAX_FILE_BYTES = 4 * 1024 ** 3 - 1024 ** 2

/**
 * @throws {PermanentError} when the file is the cause, a {@link ToolError} for anything else
 */
export async function runOnSound(run: SoundRun): Promise<FfmpegResult> {
  const { input, words, profile = 'decode', scratch, signal, onLine, outputs, onProgress } = run
  const result = await runFfmpeg({
    tool: 'ffmpeg',
    profile,
    arguments: [...COMMON_WORDS, ...inputArguments(input), ...words],
    cwd: scratch,
    signal,
    limits: { fileBytes: MAX_FILE_BYTES },
    ...(onLine && { onLine }),
    ...(outputs && { outputs }),
    ...(onProgress && { onProgress }),
  })
  if (result.exitCode !== 0 || hasLostInput(result)) throw failureOfSound(result)
  return result
}

function failureOfSound(result: FfmpegResult): Error {
  const { reason, isPermanent } = diagnose(result)
  const toolError = new ToolError(`the sound could not be made: ${reasonOf(result, reason)}`, result)
  return isPermanent ? new PermanentError(toolError.message, { cause: toolError }) : toolError
}

function reasonOf({ signal }: FfmpegResult, reason: string): string {
  return signal === 'SIGXFSZ'
    ? 'it would be larger than 4 GiB; format=m4a or a lower bitRate makes it smaller'
    : reason
}
