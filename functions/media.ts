/**
 * Media for functions of your own: the parts that the functions that ship are made of. {@link inspect} says what a file is and refuses
 * what is torn, encrypted or not media; {@link runMedia} runs FFmpeg on it, guarded; the others read and write what players need.
 * `docs/writing-functions.md` has a function of 30 lines that uses them.
 * @module
 */
import { PermanentError, type FunctionVariables, type SourceObject } from '../runtime/index.ts'
import { COMMON_WORDS, inputArguments, type Reading } from './ffmpeg/arguments.ts'
import { runFfmpeg } from './ffmpeg/run/ffmpeg.ts'
import type { OutputReader } from './ffmpeg/run/outputs.ts'
import { createProgressReporter } from './ffmpeg/run/progress.ts'
import { diagnose, hasLostInput } from './ffmpeg/words/diagnosis.ts'
import { ToolError, type FfmpegResult } from './ffmpeg/words/result.ts'
import { inspect as inspectFile, type Inspection } from './media/inspect.ts'
import { decodeSound } from './sound/decode.ts'
import type { Loudness } from './sound/loudness.ts'
import { soundOf } from './sound/track.ts'

export type { Inspection } from './media/inspect.ts'
export type { AudioStream, MediaInfo, MediaStream, VideoStream } from './media/media-info.ts'
export { endToleranceSeconds } from './media/ends.ts'
export { cuesOf, webvtt, type Cue } from './media/webvtt.ts'
export { planLadder } from './hls/plan/ladder.ts'
export { createSegmenter } from './hls/cut/segmenter.ts'
export type { Loudness } from './sound/loudness.ts'

/** The part of `c.var` that reading and running take. */
export type MediaAttempt = Pick<FunctionVariables<unknown>, 'source' | 'signal' | 'progress' | 'scratch'> & {
  readonly event: Pick<SourceObject, 'sizeBytes'>
}

/**
 * Describes the source of an attempt: its streams, length (seconds), rotation (degrees clockwise) and warnings. Nothing is decoded.
 *
 * @throws {PermanentError} when it is empty, truncated, encrypted, not media, or of a format or codec that is not accepted
 */
export function inspect({ source, event, scratch, signal }: MediaAttempt): Promise<Inspection> {
  return inspectFile({ source, sizeBytes: event.sizeBytes, scratch, signal })
}

/**
 * FFmpeg's words for an inspected file as an input: only its own demuxer may read it, and only from where it is.
 *
 * @param reading - where to begin and how much to read, in seconds; or keyframes only
 */
export function input(inspection: Inspection, reading: Reading = {}): readonly string[] {
  return inputArguments(inspection.input, reading)
}

export interface MediaRun {
  /** Decides in which line it waits for its turn: copies never wait for an encoder. */
  readonly work: 'copy' | 'decode' | 'encode'
  /** Of {@link input}, or words of your own for files in the scratch folder, such as `['-i', 'file:logo.png']`; numbered from 0. */
  readonly inputs: readonly (readonly string[])[]
  /** Everything after the inputs. Names of files are relative to the scratch folder. No text of a stranger may be in it. */
  readonly output: readonly string[]
  /** Readers of `pipe:4`, `pipe:5` and so on; while one of their promises is pending, FFmpeg waits. */
  readonly outputs?: readonly OutputReader[]
  /** Takes each line of standard output. */
  readonly onLine?: (line: string) => void
  /** Of the output: makes a percentage of FFmpeg's progress. */
  readonly durationSeconds?: number | undefined
}

/**
 * Runs FFmpeg in `c.var.scratch`, in a sandbox with limits, when it is its turn; its progress becomes the attempt's.
 *
 * @returns what it said and how far it came
 * @throws {PermanentError} when the file is the cause, so that another attempt would end the same
 * @throws {ToolError} any other failure: it is retried
 */
export async function runMedia(
  { signal, progress, scratch }: Pick<MediaAttempt, 'signal' | 'progress' | 'scratch'>,
  { work, inputs, output, outputs, onLine, durationSeconds }: MediaRun,
): Promise<FfmpegResult> {
  const result = await runFfmpeg({
    tool: 'ffmpeg',
    profile: work,
    arguments: [...COMMON_WORDS, ...inputs.flat(), ...output],
    cwd: scratch,
    signal,
    ...(outputs && { outputs }),
    ...(onLine && { onLine }),
    onProgress: createProgressReporter(durationSeconds, progress).report,
  })
  if (result.exitCode === 0 && !hasLostInput(result)) return result
  const { reason, isPermanent } = diagnose(result)
  const cause = new ToolError(`FFmpeg failed: ${reason}`, result)
  throw isPermanent ? new PermanentError(cause.message, { cause }) : cause
}

/**
 * Decodes one sound and measures it by EBU R128: `lufs` is absent for silence, `truePeakDb` is in dBTP.
 *
 * @param track - counts the sounds of the file, from 0
 * @throws {PermanentError} when there is no such sound, or nothing of it could be decoded
 */
export async function loudnessOf(
  { signal, progress, scratch }: Pick<MediaAttempt, 'signal' | 'progress' | 'scratch'>,
  inspection: Inspection,
  track = 0,
): Promise<Loudness> {
  const { loudness } = await decodeSound({
    input: inspection.input,
    stream: soundOf(inspection.media, track).index,
    filter: 'anull',
    scratch,
    signal,
    onProgress: createProgressReporter(inspection.media.durationSeconds, progress).report,
  })
  return loudness
}
