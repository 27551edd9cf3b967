/** The parts that chunks keep of sources that are not plain films, and the warnings about the rest: on real FFmpeg. */
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localAttempt } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { clipFolder, decoded, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'

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
  'first.ogg': '-map 1 -c:a libvorbis',
  'second.ogg': '-map 1 -c:a libvorbis -serial_offset 7',
  'low.ogg': '-map 1 -c:a libvorbis -ac 2 -ar 32000 -q:a 1 -serial_offset 30',
  'surround.mkv': `${H264} -af pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0`,
  'fields.mp4': `-vf tinterlace=interleave_top,fieldorder=tff ${H264} -flags +ilme+ildct -x264opts tff=1`,
  'hevc.ts': '-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25:no-open-gop=1 -c:a aac',
  'changing.ts': '-s 160x90 -c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25 -c:a aac',
  'film.avi': '-c:v mpeg4 -bf 1 -g 25 -c:a libmp3lame',
  'still and film.mp4':
    '-filter_complex [0:v]split[a][b];[a]trim=end_frame=1,scale=640:360[s] -map [s] -map [b] -c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p',
  'hlg.mp4': `${H264} -x264-params colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc`,
}

const folder = await clipFolder()
const path = (name: string) => join(folder, name)
beforeAll(async () => {
  for (const [name, options] of Object.entries(CLIPS)) await makeMedia(path(name), options, SECONDS)
  const bytes = (name: string) => readFile(path(name))
  await writeFile(path('joined.webm'), Buffer.concat([await bytes('first.webm'), await bytes('second.webm')]))
  await writeFile(path('chained.ogg'), Buffer.concat([await bytes('first.ogg'), await bytes('second.ogg')]))
  await writeFile(path('differing.ogg'), Buffer.concat([await bytes('first.ogg'), await bytes('low.ogg')]))
  const tornLink = (await bytes('first.ogg')).subarray(0, -500)
  await writeFile(path('torn link.ogg'), Buffer.concat([tornLink, await bytes('second.ogg')]))
  const tornHeader = (await bytes('second.ogg')).subarray(0, 60)
  await writeFile(path('torn header.ogg'), Buffer.concat([await bytes('first.ogg'), tornHeader]))
  const flv = await bytes('first.flv')
  // Without the second header, as a server appends a stream that comes again.
  await writeFile(path('appended.flv'), Buffer.concat([flv, flv.subarray(13), flv.subarray(13)]))
  await writeFile(path('changing.ts'), Buffer.concat([await bytes('hevc.ts'), await bytes('changing.ts')]))
  // In the place of the encoder's own name, which is as long.
  const film = (await bytes('film.avi')).toString('latin1')
  await writeFile(path('packed.avi'), film.replaceAll(/Lavc[\d.]{9}/g, 'DivX503b1393p'), 'latin1')
  await writeFile(path('360.mp4'), withSphere(await bytes('hlg.mp4')))
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

/** What every cut of Vorbis costs is told of each recording; those that say it are not these tests' matter. */
const isNoVorbisLoss = (warning: string) => !/\(vorbis\): at \d+ cuts? the first packet/.test(warning)

describe.each(await ffmpegBuilds())('what chunks keep with $name', (build) => {
  const used = useChunk(build)
  async function chunksOf(
    name: string,
    mode: 'copy' | 'exact',
    more: Readonly<Record<string, unknown>> = {},
  ) {
    const options = { mode, seconds: 2, ...more }
    const attempt = await localAttempt(used.chunk, { source: path(name), options })
    try {
      await attempt.run()
      const paths = attempt.files.map((file) => join(attempt.folder, file.name))
      const chunks = await Promise.all(paths.map((file) => decoded(file)))
      const sum = (of: 'frames' | 'samples') => chunks.reduce((total, each) => total + each[of], 0)
      const streams = await Promise.all(paths.map(describeStreams))
      const { warnings, totals } = attempt.facts
      const independent = attempt.files.map(({ chunk: times }) => times?.independent)
      return {
        independent,
        times: attempt.files.map(({ chunk: times }) => times),
        samples: chunks.map(({ samples }) => samples),
        frames: sum('frames'),
        seconds: sum('samples') / 48_000,
        streams,
        warnings,
        totals,
      }
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
    const { frames, warnings, streams } = await chunksOf('bursts.mp4', 'exact')
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
    const { frames, seconds, warnings, totals } = await chunksOf(name, 'exact')
    expect(frames).toBe(count * 25 * SECONDS)
    expect(Math.abs(seconds - count * SECONDS)).toBeLessThan(0.1 * count)
    expect(Math.abs((totals['durationSeconds'] ?? 0) - count * SECONDS)).toBeLessThan(0.1 * count)
    expect(warnings).toEqual([expect.stringMatching(`${count} recordings joined .* goes back at 3\\.[01]`)])
  })

  it('has all links of a chained Ogg', async () => {
    const { seconds, warnings } = await chunksOf('chained.ogg', 'exact')
    expect(Math.abs(seconds - 2 * SECONDS)).toBeLessThan(0.1)
    expect(warnings).toEqual([expect.stringMatching('2 recordings joined')])
  })

  it('copies each link of a chained Ogg as if it were a file, one after another', async () => {
    const alone = [await chunksOf('first.ogg', 'copy'), await chunksOf('low.ogg', 'copy')]
    const both = await chunksOf('differing.ogg', 'copy')
    expect(both.samples).toEqual(alone.flatMap(({ samples }) => samples))
    expect(both.streams.map(([sound]) => sound?.['channels'])).toEqual(
      alone.flatMap(({ streams }) => streams.map(([sound]) => sound?.['channels'])),
    )
    const [first] = alone
    const offset = Number(first?.totals['durationSeconds'])
    const starts = alone.flatMap(({ times }, place) =>
      times.map((each) => Number(each?.startSeconds) + place * offset),
    )
    expect(both.times.map((each) => each?.index)).toEqual(starts.map((_, index) => index))
    for (const [index, start] of starts.entries())
      expect(both.times[index]?.startSeconds).toBeCloseTo(start, 5)
    expect(both.totals['durationSeconds']).toBeCloseTo(2 * SECONDS, 1)
    // Each link is Vorbis with a cut of its own, of which the chunks tell too.
    expect(both.warnings.filter(isNoVorbisLoss)).toEqual([
      expect.stringMatching(/2 recordings joined .*at 3\.0 s/),
    ])
  })

  it('refuses a chained Ogg with a torn link, and keeps the links before it when asked to', async () => {
    await expect(chunksOf('torn link.ogg', 'copy')).rejects.toThrow(
      /recording 1 of 2: .*truncated.*onTruncated=keep/,
    )
    const { totals, warnings, samples } = await chunksOf('torn link.ogg', 'copy', { onTruncated: 'keep' })
    const good = Number(totals['truncatedAtSeconds'])
    expect(good).toBeGreaterThan(0)
    expect(good).toBeLessThan(SECONDS)
    expect(samples.length).toBe(totals['chunks'])
    const headless = await chunksOf('torn header.ogg', 'copy', { onTruncated: 'keep' })
    expect(headless.totals['truncatedAtSeconds']).toBeCloseTo(SECONDS, 1)
    expect(headless.warnings.filter(isNoVorbisLoss)).toEqual([
      expect.stringMatching('recording 2 of 2: .*before that is kept'),
    ])
    expect(warnings.join('\n')).toMatch(/last 1 of 2 recordings are left out/)
  })

  it('keeps 5.1, fields and colours', async () => {
    const surround = await chunksOf('surround.mkv', 'exact')
    expect(surround.streams[0]?.[1]).toMatchObject({ channels: 6, channel_layout: '5.1' })
    const fields = await chunksOf('fields.mp4', 'exact')
    expect(fields.streams[0]?.[0]).toMatchObject({ field_order: 'tt' })
    const { streams, warnings } = await chunksOf('hlg.mp4', 'exact')
    expect(streams[0]?.[0]).toMatchObject({
      color_primaries: 'bt2020',
      color_transfer: 'arib-std-b67',
      color_space: 'bt2020nc',
    })
    expect([...surround.warnings, ...fields.warnings]).toEqual([])
    expect(warnings).toEqual([expect.stringMatching('keep its tags')])
  })

  it('copies HEVC of a transport stream as players of Apple want it, unless its parameters change', async () => {
    const { streams, warnings } = await chunksOf('hevc.ts', 'copy')
    expect(streams.map(([picture]) => picture?.['codec_tag_string'])).toEqual(streams.map(() => 'hvc1'))
    expect(warnings).toEqual([])
    const changing = await chunksOf('changing.ts', 'copy')
    expect(changing.streams[0]?.[0]).toMatchObject({ codec_tag_string: 'hev1' })
    expect(changing.warnings[0]).toMatch('hev1')
    expect(changing.frames).toBe(2 * 25 * SECONDS)
  })

  it('keeps the mapping of a 360° picture in copies, or says that it cannot', async () => {
    const { streams, warnings } = await chunksOf('360.mp4', 'copy')
    const isKept = JSON.stringify(streams[0]?.[0]).includes('Spherical Mapping')
    expect(isKept).toBe(build.hasFpsMode)
    expect(warnings.filter((warning) => warning.includes('360°'))).toHaveLength(isKept ? 0 : 1)
    const { warnings: ofExact } = await chunksOf('360.mp4', 'exact')
    expect(ofExact).toContainEqual(expect.stringMatching('360°'))
  })

  it('does not call a copy with packed B-frames right', async () => {
    const { independent, warnings } = await chunksOf('packed.avi', 'copy')
    expect(independent).toEqual(independent.map((_, index) => index === 0))
    expect(warnings[0]).toMatch(/packed B-frames .* mode "exact"/)
  })

  it('takes a film of many pictures and not the larger one of a single picture', async () => {
    const { frames, warnings } = await chunksOf('still and film.mp4', 'copy')
    expect(frames).toBe(25 * SECONDS)
    expect(warnings).toEqual([expect.stringMatching('a single picture')])
  })
})

/** A copy of an MP4 whose tables come last, with the boxes of an equirectangular picture behind its first sample entry. */
function withSphere(file: Buffer): Buffer {
  const box = (type: string, content: Buffer) =>
    Buffer.concat([Buffer.from([0, 0, 0, 8 + content.length]), Buffer.from(type), content])
  const projection = Buffer.concat([box('prhd', Buffer.alloc(16)), box('equi', Buffer.alloc(20))])
  const sphere = box('sv3d', Buffer.concat([box('svhd', Buffer.alloc(5)), box('proj', projection)]))
  const places: number[] = []
  // Each inside the one before: the same four letters may come earlier in the file.
  for (const type of ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd', 'avc1'])
    places.push(file.indexOf(type, places.at(-1) ?? 0) - 4)
  const end = (places.at(-1) ?? 0) + file.readUInt32BE(places.at(-1))
  for (const place of places) file.writeUInt32BE(file.readUInt32BE(place) + sphere.length, place)
  return Buffer.concat([file.subarray(0, end), sphere, file.subarray(end)])
}
