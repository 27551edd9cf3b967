/** One run of FFmpeg that decodes pictures of a source, and its failures in words. @module */
import type { FunctionVariables } from '../../runtime/index.ts'
import { COMMON_WORDS } from '../ffmpeg/arguments.ts'
import { ffmpegBinaries } from '../ffmpeg/build/binaries.ts'
import { missing } from '../ffmpeg/build/abilities.ts'
import { runFfmpeg, type FfmpegOptions } from '../ffmpeg/run/ffmpeg.ts'
import type { FfmpegResult } from '../ffmpeg/words/result.ts'
import type { Inspection } from '../media/inspect.ts'
import type { PictureTrack } from './track.ts'

/** Shared by all runs for one source. */
export interface Film extends Pick<FunctionVariables<unknown>, 'scratch' | 'signal'> {
  readonly inspection: Inspection
  readonly track: PictureTrack
  readonly canToneMap: boolean
  /** FFmpeg's words for: as many pictures out as in. */
  readonly asManyPictures: readonly string[]
  /** A sign of life. */
  readonly onSign: () => void
}

export interface FilmOptions extends Pick<FunctionVariables<unknown>, 'scratch' | 'signal' | 'progress'> {
  readonly inspection: Inspection
  readonly track: PictureTrack
}

export async function filmWith({ inspection, track, scratch, signal, progress }: FilmOptions): Promise<Film> {
  const { hasFpsMode } = await ffmpegBinaries()
  const lacks = track.hdrTransfer === undefined ? [] : await missing('filters', ['zscale', 'tonemap'])
  return {
    inspection,
    track,
    scratch,
    signal,
    canToneMap: lacks.length === 0,
    asManyPictures: [hasFpsMode ? '-fps_mode' : '-vsync', 'vfr'],
    onSign: () => progress({}),
  }
}

/** Warnings about the film, and about what this FFmpeg cannot do with it. */
export async function filmWarnings({ inspection, track, canToneMap }: Film): Promise<readonly string[]> {
  const { version } = await ffmpegBinaries()
  return [
    ...(inspection.warnings ?? []),
    ...(track.hdrTransfer !== undefined && !canToneMap
      ? [
          `this FFmpeg (${version}) has no zscale or no tonemap: the film is HDR and its pictures look pale; install one that has them`,
        ]
      : []),
  ]
}

/** Of one file that is made. */
const FILE_BYTES = 1024 ** 3

export interface DecodeOptions extends Pick<FfmpegOptions, 'onLine'> {
  /** By `inputArguments`, one after the other. */
  readonly inputs: readonly string[]
  readonly output: readonly string[]
  /** Of what is made at a time, beside the pictures of the source. @defaultValue 0 */
  readonly madePixels?: number
}

/** @throws {ToolError} when FFmpeg did not run */
export function decode(
  film: Film,
  { inputs, output, madePixels = 0, ...rest }: DecodeOptions,
): Promise<FfmpegResult> {
  return runFfmpeg({
    tool: 'ffmpeg',
    profile: 'decode',
    arguments: [...COMMON_WORDS, ...inputs, ...output],
    sourcePixels: film.track.codedPixels + madePixels,
    cwd: film.scratch,
    signal: film.signal,
    limits: { fileBytes: FILE_BYTES },
    onProgress: film.onSign,
    ...rest,
  })
}
