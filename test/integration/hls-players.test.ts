/** Presentations in the players that people use, in a real Chromium. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { LocalAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { played } from '../helpers/hls/played.ts'
import { useHls } from '../helpers/hls/use-hls.ts'
import { chromium } from '../helpers/streams/programs.ts'

const browser = await chromium()
let folder: string
beforeAll(async () => {
  folder = await clipFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const H264 = '-c:v libx264 -preset ultrafast -g 50 -bf 2 -pix_fmt yuv420p'
const SECONDS = 6
const PICTURES = 25 * SECONDS

describe.skipIf(browser === undefined).each(await ffmpegBuilds())('a presentation by $name', (build) => {
  const used = useHls(build)
  let attempt: LocalAttempt | undefined
  afterEach(async () => {
    await attempt?.remove()
    attempt = undefined
  })
  const play = async (player: 'hls' | 'shaka' | 'dash', name: string) => {
    const seen = await played(browser ?? '', attempt?.folder ?? '', { player, name })
    expect(seen).toMatchObject({ isEnded: true, fatal: 0, seeks: 3 })
    expect(Math.abs(seen.seconds - seen.duration)).toBeLessThan(0.3)
    return seen
  }

  it('is played with every size, every sound, its cues and seeks: by hls.js, shaka-player and dash.js', async () => {
    const cues = join(folder, 'cues.srt')
    await writeFile(
      cues,
      '1\n00:00:01,000 --> 00:00:02,500\na --> b\n\n2\n00:00:04,000 --> 00:00:05,000\nzwei\n',
    )
    const tracks = `-map 0 -map 1 -map 1 -map 2 ${H264} -c:a:0 aac -c:a:1 ac3 -c:s srt`
    const source = await makeMedia(
      join(folder, 'film.mkv'),
      `-i ${cues} ${tracks} -metadata:s:a:0 language=ger -metadata:s:a:1 language=eng`,
      SECONDS,
      '640x360',
    )
    attempt = await used.make(source, { seconds: 2 })
    const seen = await play('hls', 'master.m3u8')
    expect(seen).toMatchObject({
      levels: ['426x240', '640x360'],
      sounds: ['de', 'en'],
      cues: ['a --&gt; b', 'zwei'],
    })
    expect(new Set(seen.switches)).toEqual(new Set([0, 1]))
    expect(seen.frames).toBeGreaterThan(0.9 * PICTURES)
    await play('shaka', 'master.m3u8')
    await play('shaka', 'manifest.mpd')
    await play('dash', 'manifest.mpd')
  })

  it('is played from transport streams with every size, its cues and seeks', async () => {
    const cues = join(folder, 'late-cues.srt')
    await writeFile(cues, '1\n00:00:01,000 --> 00:00:02,500\none\n\n2\n00:00:04,000 --> 00:00:05,000\ntwo\n')
    const source = await makeMedia(
      join(folder, 'transport.mkv'),
      `-i ${cues} -map 0 -map 1 -map 2 ${H264} -c:a aac -c:s srt`,
      SECONDS,
      '640x360',
    )
    attempt = await used.make(source, { seconds: 2, segments: 'ts' })
    const seen = await play('hls', 'master.m3u8')
    expect(seen).toMatchObject({ levels: ['426x240', '640x360'], cues: ['one', 'two'] })
    expect(new Set(seen.switches)).toEqual(new Set([0, 1]))
    expect(seen.frames).toBeGreaterThan(0.9 * PICTURES)
    expect(seen.seconds).toBeCloseTo(SECONDS, 0)
  })

  it('is played where it is sound alone, and where the picture begins late', async () => {
    attempt = await used.make(await makeMedia(join(folder, 'tone.mp3'), '-map 1 -c:a libmp3lame'), {
      seconds: 2,
    })
    await play('hls', 'master.m3u8')
    await play('dash', 'manifest.mpd')
    await attempt.remove()
    const sound = await makeMedia(join(folder, 'sound.m4a'), '-map 1 -c:a aac', 8)
    const film = await makeMedia(join(folder, 'picture.mp4'), `-map 0 ${H264}`, SECONDS)
    const late = await makeMedia(
      join(folder, 'late.mp4'),
      `-itsoffset 1.5 -i ${film} -i ${sound} -map 2 -map 3 -c copy`,
    )
    attempt = await used.make(late, { seconds: 2 })
    // hls.js may begin its timeline with the picture.
    expect((await play('hls', 'master.m3u8')).frames).toBeGreaterThan(0.8 * PICTURES)
    await play('shaka', 'manifest.mpd')
  })
})
