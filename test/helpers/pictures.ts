/** Films whose pictures can be told apart by a few numbers, a function that makes pictures of them, and what is in those. @module */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll } from 'vitest'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt, type LocalAttempt, type LocalAttemptOptions } from './attempt.ts'
import { makeMedia } from './clips.ts'
import { withBuild, type FfmpegBuild } from './ffmpeg-builds.ts'

const run = promisify(execFile)
const reader = await findBinaries({})

const H264 = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p'
const PICTURE = `-map 0 ${H264}`
const HDR = 'colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc'

/** File name -> FFmpeg's output options, as those of `clips.ts`. */
export const FILMS = {
  'film.mp4': `${PICTURE} -g 25`,
  'one keyframe.mp4': `${PICTURE} -g 10000 -sc_threshold 0`,
  'black opening.mp4': `${PICTURE} -vf drawbox=c=black:t=fill:enable=lt(t\\,3)`,
  'black.mp4': `${PICTURE} -vf drawbox=c=black:t=fill`,
  'red.mp4': `${PICTURE} -vf drawbox=c=red:t=fill,scale=out_color_matrix=bt709 -colorspace bt709 -color_primaries bt709 -color_trc bt709`,
  // The left half is white.
  'halves.mp4': `${PICTURE} -vf drawbox=c=white:t=fill,drawbox=x=64:c=black:t=fill`,
  'anamorphic.mp4': `${PICTURE} -s 720x576 -aspect 16:9`,
  'odd.mp4': '-map 0 -s 161x91 -c:v libx264 -preset ultrafast -pix_fmt yuv444p',
  'hdr.mp4': `-map 0 -c:v libx265 -preset ultrafast -x265-params log-level=none:${HDR} -pix_fmt yuv420p10le`,
  'interlaced.mpg': '-map 0 -s 720x576 -c:v mpeg2video -flags +ilme+ildct -top 1',
  'late picture.mkv': `-map 0 -map 1 -c:a aac ${H264} -vf setpts=PTS+2/TB`,
  'late sound.mkv': `-map 0 -map 1 -c:a aac ${H264} -bf 0 -g 25 -af asetpts=PTS+2/TB`,
  'one picture.mp4': `${PICTURE} -frames:v 1`,
  'a second.mp4': `${PICTURE} -t 1`,
  'sound.mp3': '-map 1 -c:a libmp3lame',
  'encrypted.mp4': `${PICTURE} -encryption_scheme cenc-aes-ctr -encryption_key 76a6c65c5ea762046bd749a2e632ccbb -encryption_kid a7e61c373e219033c21091fa607bf3b8`,
} as const satisfies Record<string, string>
export type FilmName = keyof typeof FILMS

export function makeFilm(folder: string, name: FilmName): Promise<string> {
  return makeMedia(join(folder, name), FILMS[name])
}

/** As a player shows it, by a quarter turn counter-clockwise. */
export function turn(folder: string, path: string): Promise<string> {
  return makeMedia(join(folder, 'turned.mp4'), `-i ${path} -map 2:0 -c copy -metadata:s:v rotate=90`)
}

/** Its pixels in a smaller size: red, green and blue of each. */
export async function pixelsOf(path: string, width: number, height: number): Promise<readonly number[]> {
  const words = `-vf scale=${width}:${height}:flags=area -pix_fmt rgb24 -f rawvideo pipe:1`
  const { stdout } = await run(
    reader.ffmpegPath,
    ['-v', 'error', '-i', `file:${path}`, '-frames:v', '1', ...words.split(' ')],
    { encoding: 'buffer', env: { GCONV_PATH: '/nonexistent' } },
  )
  return [...stdout]
}

/** The function of a file of `functions/` with one build of FFmpeg. Read `used.definition` inside tests. */
export function useFunction(build: FfmpegBuild, name: string) {
  const used = {} as { definition: FunctionDefinition }
  beforeAll(async () => {
    const loaded = await withBuild(
      build,
      () => import(`../../functions/${name}.ts`) as Promise<Record<string, FunctionDefinition>>,
    )
    used.definition = loaded[name] as FunctionDefinition
  })
  return Object.assign(used, {
    /** An attempt that has succeeded; after a failure nothing is left of it, and the error is thrown. */
    async make(
      source: string,
      options: Readonly<Record<string, unknown>> = {},
      rest: Omit<LocalAttemptOptions, 'source' | 'options'> = {},
    ): Promise<LocalAttempt> {
      const attempt = await localAttempt(used.definition, { source, options, ...rest })
      try {
        await attempt.run()
        return attempt
      } catch (error) {
        await attempt.remove()
        throw error
      }
    },
  })
}
