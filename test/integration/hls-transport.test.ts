/** `hls` with segments of MPEG-TS, with each build of FFmpeg, judged by hls-parser and ffprobe, picture by picture. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { leftovers, type LocalAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeClip, makeMedia, pictureHashes } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { judged } from '../helpers/hls/judges.ts'
import { segmentFacts } from '../helpers/hls/transport.ts'
import { useHls } from '../helpers/hls/use-hls.ts'

let folder: string
beforeAll(async () => {
  folder = await clipFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const H264 = '-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p -sc_threshold 0'
/** AAC begins with a delay of one packet, and ends with one that is not full. */
const SOUND_PACKETS = 376

describe.each(await ffmpegBuilds())('hls with segments=ts and $name', (build) => {
  const used = useHls(build)
  let attempt: LocalAttempt | undefined
  afterEach(async () => {
    await attempt?.remove()
    attempt = undefined
  })
  const make = async (source: string, options: Readonly<Record<string, unknown>> = {}) => {
    const made = (attempt = await used.make(source, { segments: 'ts', seconds: 2, ...options }))
    const seen = judged(made.folder)
    expect(seen.complaints).toEqual([])
    expect(await leftovers(made)).toEqual([])
    const pathsOf = (track: string) =>
      made.files
        .filter(({ name }) => name.startsWith(`${track}/seg-`))
        .map(({ name }) => join(made.folder, name))
    const factsOf = async (track: string) => {
      const facts = []
      for (const path of pathsOf(track)) facts.push(await segmentFacts(path))
      expect(facts.map(({ beginsWithKey }) => beginsWithKey)).toEqual(facts.map(() => true))
      // What the playlist says is what is in the packets, to a tick.
      let at = facts[0]?.startSeconds ?? NaN
      for (const [place, seconds] of (seen.durations[`${track}/index.m3u8`] ?? []).entries()) {
        expect(facts[place]?.startSeconds).toBeCloseTo(at, 4)
        at += seconds
      }
      return facts
    }
    return { ...seen, attempt: made, pathsOf, factsOf }
  }

  it('copies every picture; each segment is decoded alone, at the times that the playlist gives', async () => {
    const source = await makeMedia(
      join(folder, 'uneven.mp4'),
      `${H264} -force_key_frames 0,1.2,3.4,4,6.6 -g 1000 -c:a aac`,
      8,
      '640x360',
    )
    const { variants, durations, attempt: made, pathsOf, factsOf } = await make(source)
    expect(variants).toEqual([
      expect.stringMatching(/^426x240 avc1\.6400[0-9A-F]{2},mp4a\.40\.2$/),
      expect.stringMatching(/^640x360 avc1\.[0-9A-F]{6},mp4a\.40\.2$/),
    ])
    expect(made.facts.warnings).toEqual([])
    expect(durations['source/index.m3u8']).toEqual([3.4, 0.6, 2.6, 1.4])
    expect(durations['240p/index.m3u8']).toEqual([3.4, 0.6, 2.6, 1.4])
    for (const track of ['source', '240p']) {
      const facts = await factsOf(track)
      const count = (kind: string) => facts.reduce((sum, { packets }) => sum + (packets[kind] ?? 0), 0)
      expect(count('video')).toBe(200)
      expect(Math.abs(count('audio') - SOUND_PACKETS)).toBeLessThanOrEqual(2)
      expect(facts.every(({ codecs }) => codecs.join() === 'h264,aac')).toBe(true)
    }
    const alone = []
    for (const path of pathsOf('source')) alone.push(...(await pictureHashes(path)))
    expect(alone).toEqual(await pictureHashes(source))
    expect(made.files.map(({ role }) => role)).not.toContain('dash')
    expect(made.files.map(({ role }) => role)).not.toContain('iframes')
    expect(made.files.find(({ name }) => name.endsWith('.ts'))?.contentType).toBe('video/mp2t')
  })

  it('keeps one sound and its cues, whose clock is that of the packets, and names what is left out', async () => {
    const cues = join(folder, 'cues.srt')
    await writeFile(cues, '1\n00:00:01,000 --> 00:00:02,500\na --> b\n')
    const source = await makeMedia(
      join(folder, 'two-sounds.mkv'),
      `-i ${cues} -map 0 -map 1 -map 1 -map 2 ${H264} -g 25 -c:a:0 ac3 -c:a:1 aac -c:s srt`,
    )
    const { variants, subtitles, attempt: made } = await make(source, { renditions: 'source' })
    expect(variants).toEqual([expect.stringMatching(/^128x72 avc1\.\w{6},mp4a\.40\.2$/)])
    expect(subtitles).toHaveLength(1)
    expect(await readFile(join(made.folder, 'sub0/all.vtt'), 'utf8')).toMatch(
      /^WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00\.000\n\n/,
    )
    expect(made.facts.probe).toMatchObject({
      dropped: [{ codec: 'aac', why: 'segments=ts has room for one sound; segments=fmp4 keeps all' }],
    })
  })

  it('begins each segment with tables where every picture is a keyframe, and where there is sound alone', async () => {
    const film = await makeMedia(join(folder, 'intra.mkv'), `${H264} -g 1 -c:a aac`)
    const { durations, factsOf } = await make(film, { renditions: 'source', mode: 'copy' })
    expect(durations['source/index.m3u8']).toEqual([2, 2, 2, 2])
    expect((await factsOf('source')).map(({ packets }) => packets['video'])).toEqual([50, 50, 50, 50])
    await attempt?.remove()
    const tone = await makeClip(folder, 'tone.mp3')
    const { variants, factsOf: soundOf } = await make(tone)
    expect(variants).toEqual(['mp4a.40.2'])
    const sound = await soundOf('audio0')
    expect(sound.map(({ codecs }) => codecs.join())).toEqual(['aac', 'aac', 'aac', 'aac'])
    await attempt?.remove()
    expect((await make(tone, { audio: 'copy' })).variants).toEqual(['mp4a.40.34'])
  })

  it('includes a sound that begins before the picture', async () => {
    const source = await makeMedia(
      join(folder, 'late.mp4'),
      `-itsoffset 1.5 -i ${await makeClip(folder, 'video-only.mp4')} -map 1 -map 2 -c:v copy -c:a aac`,
    )
    const { durations, attempt: made } = await make(source, { renditions: 'source' })
    const [first = 0] = durations['source/index.m3u8'] ?? []
    // Keyframes are at 1.5, 2.5, 3.5.
    expect(first).toBeCloseTo(2.5, 1)
    const [chunk] = made.files.filter(({ name }) => name === 'source/seg-00000.ts')
    expect(chunk?.chunk?.startSeconds).toBeCloseTo(0, 1)
  })

  it('re-encodes what has no place in transport streams, and refuses to copy it with the remedy', async () => {
    const source = await makeClip(folder, 'clip.webm')
    const { variants, attempt: made } = await make(source)
    expect(variants).toEqual([expect.stringMatching(/^128x72 avc1\.\w{6},mp4a\.40\.2$/)])
    expect(made.facts.warnings).toEqual([expect.stringMatching(/its codec vp8 has no place in HLS/)])
    const vp9 = await makeMedia(join(folder, 'vp9.webm'), '-c:v libvpx-vp9 -deadline realtime -g 25 -an', 2)
    await expect(make(vp9, { mode: 'copy' })).rejects.toThrow(
      'the picture cannot be copied into HLS: its codec is vp9, and players take only H.264 in transport streams (segments=fmp4 can copy it); mode=auto or encode re-encodes it',
    )
  })

  it('refuses a truncated file, and keeps the intact part when asked', async () => {
    const whole = await readFile(await makeClip(folder, 'clip.mkv'))
    const torn = join(folder, 'torn.mkv')
    await writeFile(torn, whole.subarray(0, Math.floor(whole.length * 0.6)))
    await expect(make(torn)).rejects.toThrow(/truncated/)
    const { attempt: made } = await make(torn, { onTruncated: 'keep' })
    expect(made.facts.totals['durationSeconds']).toBeGreaterThan(3)
  })
})
