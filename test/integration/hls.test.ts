/** `hls` on small clips of many kinds, with each build of FFmpeg, judged by readers that others wrote. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { clipFolder, makeClip, makeMedia, CLIPS, pictureHashes, type ClipName } from '../helpers/clips.ts'
import type { LocalAttempt } from '../helpers/attempt.ts'
import { leftovers } from '../helpers/attempt.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { judged } from '../helpers/hls/judges.ts'
import { useHls } from '../helpers/hls/use-hls.ts'
import { oneOfEachKind } from '../helpers/thorough.ts'

let folder: string
beforeAll(async () => {
  folder = await clipFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const H264 = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p'
const names = Object.keys(CLIPS) as ClipName[]

describe.each(await ffmpegBuilds())('hls with $name', (build) => {
  const used = useHls(build)
  let attempt: LocalAttempt | undefined
  afterEach(async () => {
    await attempt?.remove()
    attempt = undefined
  })
  const make = async (source: string, options: Readonly<Record<string, unknown>> = {}) => {
    attempt = await used.make(source, options)
    const seen = judged(attempt.folder)
    expect(seen.complaints).toEqual([])
    expect(await leftovers(attempt)).toEqual([])
    return { ...seen, attempt }
  }
  const refused = async (source: string, options: Readonly<Record<string, unknown>> = {}): Promise<Error> => {
    const result = await used.make(source, options).catch((error: unknown) => error as Error)
    if (result instanceof Error) return result
    await result.remove()
    throw new Error('it was not refused')
  }

  it.each(oneOfEachKind<ClipName>(names, ['clip.mkv', 'clip.ts', 'clip.mpg', 'clip.webm', 'tone.mp3']))(
    'makes a presentation of %s that every reader takes',
    async (name) => {
      const { durations, attempt } = await make(await makeClip(folder, name), { seconds: 2 })
      expect(attempt.facts.totals['durationSeconds']).toBeCloseTo(8, 0)
      for (const each of Object.values(durations))
        expect(each.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(8, 0)
    },
  )

  it('copies a picture that players can take, and cuts lower renditions where its keyframes are', async () => {
    const source = await makeMedia(
      join(folder, 'uneven.mp4'),
      `${H264} -bf 2 -force_key_frames 0,1.2,3.4,4,6.6 -g 1000 -sc_threshold 0 -c:a aac`,
      8,
      '640x360',
    )
    const { variants, durations, attempt } = await make(source, { seconds: 2 })
    expect(variants.map((each) => each.split(' ')[0])).toEqual(['426x240', '640x360'])
    expect(attempt.facts.warnings).toEqual([])
    expect(durations['source/index.m3u8']).toEqual([3.4, 0.6, 2.6, 1.4])
    for (const name of ['240p']) expect(durations[`${name}/index.m3u8`]).toEqual([3.4, 0.6, 2.6, 1.4])
    const copied = attempt.files
      .filter(({ name }) => /^source\/(init|seg)/.test(name))
      .map(({ name }) => name)
    const whole = join(folder, 'copied.mp4')
    await writeFile(
      whole,
      Buffer.concat(await Promise.all(copied.map((name) => readFile(join(attempt.folder, name))))),
    )
    expect(await pictureHashes(whole)).toEqual(await pictureHashes(source))
  })

  it('lists a key picture for each half second, where each picture is one', async () => {
    const source = await makeMedia(join(folder, 'keyframes alone.mp4'), `-map 0 ${H264} -g 1`)
    const { attempt } = await make(source, { seconds: 2 })
    const list = await readFile(join(attempt.folder, 'source/iframes.m3u8'), 'utf8')
    const seconds = [...list.matchAll(/#EXTINF:([\d.]+),/g)].map(([, each]) => Number(each))
    expect(seconds).toHaveLength(16)
    expect(seconds.reduce((sum, each) => sum + each, 0)).toBeCloseTo(8, 5)
  })

  it('is refused when only the half of a sound can be decoded, although the picture is whole', async () => {
    const bytes = await readFile(await makeMedia(join(folder, 'ac3.mp4'), `${H264} -g 25 -c:a ac3`))
    // Without its sync word a packet of AC-3 is left out.
    for (let at = bytes.length / 2; (at = bytes.indexOf('0b77', at, 'hex')) >= 0;) bytes.fill(0, at, at + 2)
    const source = join(folder, 'half a sound.mp4')
    await writeFile(source, bytes)
    const { message } = await refused(source, { renditions: 'source' })
    expect(message).toMatch(/audio0 ends at \d\.\d s, and the file declares 8\.0 s of it/)
  })

  it('leads into its own folder from the pointer', async () => {
    const { attempt } = await make(await makeClip(folder, 'faststart.mp4'), { renditions: 'source' })
    const pointers = attempt.files.filter(({ pointer }) => pointer !== undefined)
    expect(pointers.map(({ name, pointer }) => `${name} ${pointer}`)).toContain(
      'pointer/master.m3u8 master.m3u8',
    )
    expect(attempt.files.at(-1)?.pointer).toBe('master.m3u8')
    const text = await readFile(join(attempt.folder, 'pointer/master.m3u8'), 'utf8')
    expect(text).toContain('\n~attempt/source/index.m3u8\n')
    expect(text.replaceAll('~attempt/', '')).toBe(await readFile(join(attempt.folder, 'master.m3u8'), 'utf8'))
  })

  it.each([
    [
      'open GOPs',
      '-c:v libx264 -preset veryfast -bf 2 -g 25 -x264-params open-gop=1:scenecut=0 -pix_fmt yuv420p',
      /GOPs are open \(a picture at \d\.\d{3} s/,
    ],
    [
      'one keyframe',
      `${H264} -g 1000 -sc_threshold 0`,
      /keyframes are up to 8\.0 s apart, so segments of 2 s/,
    ],
    [
      'interlaced pictures',
      `-c:v libx264 -preset ultrafast -flags +ilme+ildct -x264-params tff=1 -pix_fmt yuv420p`,
      /it is interlaced/,
    ],
    ['ten bits', `-c:v libx264 -preset ultrafast -pix_fmt yuv422p`, /its pixels are yuv422p/],
    ['another codec', `-c:v mpeg4`, /its codec mpeg4 has no place in HLS/],
  ])('re-encodes a picture with %s, and gives the reason', async (what, options, reason) => {
    const source = await makeMedia(join(folder, `${what.replaceAll(' ', '-')}.mp4`), `${options} -c:a aac`)
    const { variants, attempt } = await make(source, { seconds: 2 })
    expect(attempt.facts.warnings).toEqual([expect.stringMatching(reason)])
    expect(variants).toEqual([expect.stringMatching(/^128x72 avc1/)])
  })

  it('refuses to copy what no player can begin, and gives the remedy', async () => {
    const source = await makeMedia(join(folder, 'one-key.mp4'), `${H264} -g 1000 -sc_threshold 0 -c:a aac`)
    expect((await refused(source, { mode: 'copy', seconds: 2 })).message).toBe(
      'the picture cannot be copied into HLS: its keyframes are up to 8.0 s apart, so segments of 2 s cannot be cut; mode=auto or encode re-encodes it',
    )
  })

  it('turns the picture, and makes odd sizes even', async () => {
    const odd = await makeMedia(join(folder, 'odd.mkv'), '-c:v ffv1 -c:a aac', 4, '131x75')
    expect((await make(odd)).variants).toEqual([expect.stringMatching(/^130x74 avc1/)])
    await attempt?.remove()
    const flat = await makeClip(folder, 'faststart.mp4')
    const turned = await makeMedia(
      join(folder, 'turned.mov'),
      `-i ${flat} -map 2 -c copy -metadata:s:v rotate=90`,
    )
    const { variants, attempt: made } = await make(turned)
    expect(variants).toEqual([expect.stringMatching(/^72x128 avc1/)])
    expect(made.facts.warnings).toEqual([expect.stringMatching(/turned by (90|270) degrees/)])
  })

  it('has a group of sounds with their languages, and subtitles whose cues hold "-->"', async () => {
    const cues = join(folder, 'cues.srt')
    await writeFile(
      cues,
      '1\n00:00:01,000 --> 00:00:02,500\na --> b & c\n\n2\n00:00:04,000 --> 00:00:05,000\nzwei\n',
    )
    const source = await makeMedia(
      join(folder, 'two-sounds.mkv'),
      `-i ${cues} -map 0 -map 1 -map 1 -map 2 ${H264} -g 25 -c:a:0 aac -c:a:1 ac3 -c:s srt -metadata:s:a:0 language=ger -metadata:s:a:1 language=eng -metadata:s:s:0 language=fre`,
    )
    const { sounds, subtitles, attempt } = await make(source, { seconds: 2 })
    expect(sounds).toEqual(['de de', 'en en'])
    expect(subtitles).toEqual(['fr fr'])
    expect(await readFile(join(attempt.folder, 'sub0/all.vtt'), 'utf8')).toContain('a --&gt; b &amp; c')
  })

  it('keeps a late sound late', async () => {
    const source = await makeMedia(
      join(folder, 'late.mp4'),
      `-itsoffset 1.5 -i ${await makeClip(folder, 'tone.m4a')} -map 0 -map 2 ${H264} -g 25 -c:a copy`,
    )
    const { attempt } = await make(source, { seconds: 2, renditions: 'source' })
    const first = attempt.files.find(({ name }) => name === 'audio0/seg-00000.m4s')
    expect(first?.chunk?.startSeconds).toBeCloseTo(1.5, 1)
  })

  it('refuses a rendition above the source with the largest that is possible', async () => {
    const error = await refused(await makeClip(folder, 'faststart.mp4'), { renditions: '1080,720' })
    expect(error.message).toBe(
      'renditions "1080,720": the picture is 128 x 72, and nothing is made larger than it is; the largest rendition possible is 72',
    )
  })

  it('refuses a truncated file with the remedy, and keeps the intact part when asked', async () => {
    const whole = await readFile(await makeClip(folder, 'clip.mkv'))
    const torn = join(folder, 'torn.mkv')
    await writeFile(torn, whole.subarray(0, Math.floor(whole.length * 0.6)))
    const error = await refused(torn)
    expect(error.name).toBe('PermanentError')
    expect(error.message).toMatch(/truncated.*; onTruncated=keep saves the intact part$/)
    const { attempt } = await make(torn, { onTruncated: 'keep', seconds: 2 })
    expect(attempt.facts.totals['durationSeconds']).toBeGreaterThan(3)
    expect(attempt.facts.warnings.join()).toMatch(/Everything before that is kept/)
  })
})
