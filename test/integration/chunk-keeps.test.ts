/** What `exact` keeps of sources that are not plain films, and what it says that it does not: on real FFmpeg, on every build that is here. */
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt } from '../helpers/attempt.ts'
import { clipFolder, decoded, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'

const run = promisify(execFile)
const SECONDS = 3
const H264 = '-c:v libx264 -preset ultrafast -g 25 -bf 2 -pix_fmt yuv420p -c:a aac'
const VP8 = '-c:v libvpx -deadline realtime -cpu-used 8 -g 25 -c:a libopus -live 1'
/** Bursts of four pictures on a clock of 600 ticks. */
const BURSTS = `-bf 0 -vf settb=1/600,setpts='floor(N/4)*96+mod(N,4)*(3+mod(N*N,11))' -vsync vfr -enc_time_base 1/600 -video_track_timescale 600`
const CLIPS: Readonly<Record<string, string>> = {
  'bursts.mp4': `${H264} ${BURSTS}`,
  'first.webm': VP8,
  'second.webm': `-vf scale=160:90,negate ${VP8}`,
  'first.flv': H264,
  'surround.mkv': `${H264} -af pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0`,
  'fields.mp4': `-vf tinterlace=interleave_top,fieldorder=tff ${H264} -flags +ilme+ildct -x264opts tff=1`,
  'hlg.mp4': `${H264} -x264-params colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc`,
}

const folder = await clipFolder()
const path = (name: string) => join(folder, name)
beforeAll(async () => {
  for (const [name, options] of Object.entries(CLIPS)) await makeMedia(path(name), options, SECONDS)
  const bytes = (name: string) => readFile(path(name))
  await writeFile(path('joined.webm'), Buffer.concat([await bytes('first.webm'), await bytes('second.webm')]))
  const flv = await bytes('first.flv')
  // Without the second header, as a server appends a stream that comes again.
  await writeFile(path('appended.flv'), Buffer.concat([flv, flv.subarray(13), flv.subarray(13)]))
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

describe.each(await ffmpegBuilds())('exact with $name', (build) => {
  let chunk: FunctionDefinition
  beforeAll(async () => {
    ;({ chunk } = await withBuild(build, () => import('../../functions/chunk.ts')))
  })
  async function exactChunks(name: string) {
    const attempt = await localAttempt(chunk, { source: path(name), options: { mode: 'exact', seconds: 2 } })
    try {
      await attempt.run()
      const paths = attempt.files.map((file) => join(attempt.folder, file.name))
      const chunks = await Promise.all(paths.map((file) => decoded(file)))
      const sum = (of: 'frames' | 'samples') => chunks.reduce((total, each) => total + each[of], 0)
      const streams = await Promise.all(paths.map(describeStreams))
      const { warnings, totals } = attempt.facts
      return { frames: sum('frames'), seconds: sum('samples') / 48_000, streams, warnings, totals }
    } finally {
      await attempt.remove()
    }
  }
  async function describeStreams(file: string) {
    const words = ['-v', 'error', '-show_streams', '-of', 'json', `file:${file}`]
    const { stdout } = await run(build.ffprobePath, words, { env: { GCONV_PATH: '/nonexistent' } })
    return (JSON.parse(stdout) as { streams: Readonly<Record<string, unknown>>[] }).streams
  }

  it('has one picture for each of a clip whose pictures come in bursts', async () => {
    const whole = await decoded(path('bursts.mp4'))
    const { frames, warnings, streams } = await exactChunks('bursts.mp4')
    expect(whole.frames).toBe(25 * SECONDS)
    expect(frames).toBe(whole.frames)
    expect(warnings).toEqual([])
    // FFmpeg of 2018 takes a fine clock for the rate.
    expect(Number(streams[0]?.[0]?.['level'])).toBeLessThan(40)
  })

  it.each([
    ['joined.webm', 2],
    ['appended.flv', 3],
  ])('has all of the recordings in %s, and says where each begins', async (name, count) => {
    const { frames, seconds, warnings, totals } = await exactChunks(name)
    expect(frames).toBe(count * 25 * SECONDS)
    expect(Math.abs(seconds - count * SECONDS)).toBeLessThan(0.1 * count)
    expect(Math.abs((totals['durationSeconds'] ?? 0) - count * SECONDS)).toBeLessThan(0.1 * count)
    expect(warnings).toEqual([expect.stringMatching(`${count} recordings joined .* goes back at 3\\.[01]`)])
  })

  it('keeps 5.1, fields and colours', async () => {
    const surround = await exactChunks('surround.mkv')
    expect(surround.streams[0]?.[1]).toMatchObject({ channels: 6, channel_layout: '5.1' })
    const fields = await exactChunks('fields.mp4')
    expect(fields.streams[0]?.[0]).toMatchObject({ field_order: 'tt' })
    const { streams, warnings } = await exactChunks('hlg.mp4')
    expect(streams[0]?.[0]).toMatchObject({
      color_primaries: 'bt2020',
      color_transfer: 'arib-std-b67',
      color_space: 'bt2020nc',
    })
    expect([...surround.warnings, ...fields.warnings]).toEqual([])
    expect(warnings).toEqual([expect.stringMatching('keep its tags')])
  })
})
