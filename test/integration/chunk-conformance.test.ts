/**
 * The matrix of `reference/media.md`, section 5, as far as FFmpeg can make its rows: the chunks decode to
 * the same as the source, each by itself and one after another.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leftovers, localAttempt } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { clipFolder, decoded, makeMedia, pictureHashes } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { oneOfEachKind } from '../helpers/thorough.ts'

const X264 = '-c:v libx264 -preset ultrafast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0'
const H264 = `${X264} -pix_fmt yuv420p`
const X265 = '-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params'
interface Row {
  readonly options: string
  /** Of chunks of two seconds each. @defaultValue 4 */
  readonly chunks?: number
  /** A warning that has to be there; there is none without. */
  readonly warning?: RegExp
}
/** Beside the containers in chunk.test.ts: file name -> how it is made, and what comes of it. */
const ROWS: Readonly<Record<string, Row>> = {
  'no cues, no length.mkv': { options: `${H264} -c:a aac -live 1` },
  'starts at 1000 s.ts': { options: `${H264} -c:a aac -output_ts_offset 1000` },
  'hevc.mp4': {
    options: `${X265} log-level=none:keyint=25:min-keyint=25:open-gop=0:scenecut=0 -pix_fmt yuv420p -c:a aac`,
  },
  'hdr10.mp4': {
    options: `-map 0 ${X265} log-level=none:keyint=25:min-keyint=25:open-gop=0:scenecut=0:transfer=smpte2084:colorprim=bt2020:colormatrix=bt2020nc -pix_fmt yuv420p10le`,
  },
  // Not MP4 with B-frames: the FFmpeg that makes these files would hide the last pictures of its own.
  'variable rate.mkv': {
    options: `-vf select='lt(t,3)+not(mod(n,3))' -vsync vfr ${H264} -g 10 -keyint_min 10 -c:a aac`,
  },
  'variable rate.mp4': {
    options: `-vf select='lt(t,3)+not(mod(n,3))' -vsync vfr ${H264} -bf 0 -g 10 -keyint_min 10 -c:a aac`,
  },
  'timecode.mov': { options: `${H264} -c:a aac -timecode 01:00:00:00`, warning: /neither picture nor sound/ },
  'two sounds.mp4': { options: `-map 0 -map 1 -map 1 ${H264} -c:a aac` },
  'late picture.mkv': { options: `-vf setpts=PTS+1.5/TB ${H264} -c:a aac`, chunks: 5 },
  'one keyframe.mp4': {
    options: `${X264} -g 1000 -keyint_min 1000 -pix_fmt yuv420p -c:a aac`,
    chunks: 1,
    warning: /only possible at keyframes/,
  },
  'intra refresh.mp4': {
    options: `${X264} -g 1000 -keyint_min 1000 -x264-params intra-refresh=1 -pix_fmt yuv420p -c:a aac`,
    chunks: 1,
    warning: /only possible at keyframes/,
  },
  'one picture.mp4': { options: `-map 0 -frames:v 1 ${H264}`, chunks: 1 },
  'odd 4:4:4.mp4': { options: `-vf scale=321:181 ${X264} -pix_fmt yuv444p -c:a aac` },
  'interlaced.mp4': { options: `${H264} -flags +ilme+ildct -x264opts tff=1 -c:a aac` },
  'every picture a keyframe.mov': { options: '-map 0 -c:v mjpeg -pix_fmt yuvj420p -q:v 5' },
  'pcm.mkv': { options: `${H264} -c:a pcm_s24le` },
  'lossless.mkv': { options: '-c:v ffv1 -g 1 -c:a flac' },
  'flash.flv': { options: '-c:v flv -g 25 -c:a libmp3lame -ar 44100' },
  'windows.asf': { options: '-c:v msmpeg4 -g 25 -c:a wmav2' },
}
const names = oneOfEachKind(Object.keys(ROWS), [
  'no cues, no length.mkv',
  'hevc.mp4',
  'two sounds.mp4',
  'one keyframe.mp4',
  'one picture.mp4',
  'windows.asf',
])

const folder = await clipFolder()
const path = (name: string) => join(folder, name)
beforeAll(async () => {
  for (const name of names) await makeMedia(path(name), ROWS[name]?.options ?? '')
}, 120_000)
afterAll(() => rm(folder, { recursive: true }))

describe.each(await ffmpegBuilds())('conformance of chunks with $name', (build) => {
  const used = useChunk(build)
  it.each(names)(
    'copies %s into chunks that decode to the same pictures, alone and in turn',
    async (name) => {
      const row = ROWS[name]
      const attempt = await localAttempt(used.chunk, { source: path(name), options: { seconds: 2 } })
      await attempt.run()
      const paths = attempt.files.map((file) => join(attempt.folder, file.name))
      expect(paths).toHaveLength(row?.chunks ?? 4)
      const whole = await pictureHashes(path(name))
      expect(whole.length).toBeGreaterThan(0)
      expect((await Promise.all(paths.map((each) => pictureHashes(each)))).flat()).toEqual(whole)
      expect(await pictureHashes(...paths)).toEqual(whole)
      expect(attempt.files.map((file) => file.chunk?.independent)).toEqual(paths.map(() => true))
      expect(attempt.facts.warnings.join()).toMatch(row?.warning ?? /^$/)
      expect(await leftovers(attempt)).toEqual([])
      await attempt.remove()
    },
  )

  it.each(names)('re-encodes each picture of %s once', async (name) => {
    const attempt = await localAttempt(used.chunk, {
      source: path(name),
      options: { seconds: 2, mode: 'exact' },
    })
    await attempt.run()
    const pieces = await Promise.all(attempt.files.map((file) => decoded(join(attempt.folder, file.name))))
    const whole = await pictureHashes(path(name))
    expect(pieces.reduce((sum, { frames }) => sum + frames, 0)).toBe(whole.length)
    expect(pieces.map(({ complaints }) => complaints)).toEqual(pieces.map(() => ''))
    await attempt.remove()
  })
})
