/** A short loop of parts of a film, without sound: as MP4 and as animated WebP, in one run. @module */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '../../runtime/index.ts'
import { inputArguments } from '../ffmpeg/arguments.ts'
import { decodingWarning } from '../ffmpeg/words/diagnosis.ts'
import { mustHaveSucceeded } from '../ffmpeg/words/failure.ts'
import { decode, type Film } from './decode.ts'
import { deinterlace, pictureFilters } from './filters.ts'
import { imageSize } from './image-size.ts'
import { headOf, mustBe } from './seek.ts'
import type { Size } from './size.ts'
import { printedSeconds, PRINT_TIMES } from './times.ts'

export type LoopFormat = 'mp4' | 'webp'

export interface Clip {
  readonly startSeconds: number
  readonly lengthSeconds: number
}

/**
 * In even distances, each in the middle of its part of the film. A film that is no longer than all of them is shown as it is. Pure.
 *
 * @param endSeconds - of the film, where it is known
 */
export function clipsOf(
  endSeconds: number | undefined,
  { clips, seconds }: { readonly clips: number; readonly seconds: number },
): readonly Clip[] {
  const wholeSeconds = clips * seconds
  if (endSeconds === undefined || endSeconds <= wholeSeconds)
    return [{ startSeconds: 0, lengthSeconds: Math.min(endSeconds ?? Infinity, wholeSeconds) }]
  return Array.from({ length: clips }, (_, place) => ({
    startSeconds: ((place + 0.5) / clips) * endSeconds - seconds / 2,
    lengthSeconds: seconds,
  }))
}

export interface LoopWanted {
  readonly clips: readonly Clip[]
  readonly size: Size
  readonly formats: readonly LoopFormat[]
  readonly framesPerSecond: number
}

export interface Loop {
  readonly files: readonly { readonly path: string; readonly name: string; readonly format: LoopFormat }[]
  readonly durationSeconds: number
  readonly warning?: string | undefined
}

const WORDS: Readonly<Record<LoopFormat, string>> = {
  mp4: '-c:v libx264 -preset veryfast -crf 26 -movflags +faststart -f mp4',
  webp: '-c:v libwebp_anim -quality 60 -loop 0 -f webp',
}

/**
 * @throws {PermanentError} {@link ToolError} as `failureOf` says
 * @throws {Error} when FFmpeg made something other than planned
 */
export async function makeLoop(
  film: Film,
  { clips, size, formats, framesPerSecond }: LoopWanted,
): Promise<Loop> {
  const { inspection, track, scratch, canToneMap, asManyPictures } = film
  const fps = `fps=${framesPerSecond}`
  const isSlow = (track.framesPerSecond ?? Infinity) < framesPerSecond
  // Of a film of a moment that filter leaves nothing.
  const isMoment = clips.every(({ lengthSeconds }) => lengthSeconds * framesPerSecond < 1.5)
  const own = [
    ...deinterlace(track, false),
    // Pictures that are dropped need not be scaled, nor those that are shown twice scaled twice.
    ...(isMoment || isSlow ? [] : [fps]),
    pictureFilters({ track, size, target: 'film', canToneMap }),
    ...(isSlow && !isMoment ? [fps] : []),
    'setpts=PTS-STARTPTS',
  ].join(',')
  const parts = clips.map((_, place) => `[${place}:${track.index}]${own}[v${place}]`)
  const all = clips.map((_, place) => `[v${place}]`).join('')
  const outputs = formats.map((format) => `[${format}]`).join('')
  const joined = `${all}concat=n=${clips.length}:v=1:a=0,${PRINT_TIMES},split=${formats.length}${outputs}`
  let pictures = 0
  const result = await decode(film, {
    inputs: clips.flatMap(({ startSeconds, lengthSeconds }) =>
      inputArguments(inspection.input, {
        threads: 1,
        seekSeconds: Math.max(0, startSeconds),
        ...(Number.isFinite(lengthSeconds) && { lengthSeconds }),
      }),
    ),
    output: [
      '-filter_complex',
      [...parts, joined].join(';'),
      ...formats.flatMap((format) => [
        '-map',
        `[${format}]`,
        ...asManyPictures,
        ...WORDS[format].split(' '),
        `preview.${format}`,
      ]),
    ],
    madePixels: size.width * size.height * formats.length,
    onLine: (line) => (pictures += printedSeconds(line) === undefined ? 0 : 1),
  })
  mustHaveSucceeded(result, 'decode')
  if (pictures === 0)
    throw new PermanentError('the file declares a film and has no picture that can be decoded')
  const files = formats.map((format) => ({
    format,
    name: `preview.${format}`,
    path: join(scratch, `preview.${format}`),
  }))
  for (const { format, path, name } of files) {
    if (format === 'webp') mustBe(imageSize((await headOf(path)) ?? Buffer.alloc(0)), size, name)
    else if ((await stat(path)).size === 0) throw new Error('FFmpeg made an empty preview.mp4')
  }
  return { files, durationSeconds: pictures / framesPerSecond, warning: decodingWarning(result) }
}
