/** The function `chunk` in its mode `exact` on real FFmpeg: chunks of the requested length, each complete by itself. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leftovers, type LocalAttempt, type LocalAttemptOptions, pathsOf } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { clipFolder, decoded, makeClip, makeMedia, type ClipName, type Decoded } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { oneOfEachKind } from '../helpers/thorough.ts'

const SECONDS = 2
/** Of AAC: what sound can be cut into. */
const SOUND_FRAME = 1_024

const H264 = '-c:v libx264 -preset ultrafast -g 100 -pix_fmt yuv420p'
/** What cameras, screens and programs make beside plain files: file name -> FFmpeg's output options. */
const ODD: Readonly<Record<string, string>> = {
  'ntsc.mp4': `-r 30000/1001 ${H264} -c:a aac`,
  'odd size in 4:4:4.mp4': '-vf scale=321:181 -c:v libx264 -preset ultrafast -pix_fmt yuv444p -c:a aac',
  'ten bits.mp4': '-c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p10le -c:a aac',
  'variable rate.mp4': `-vf select='lt(t,4)+not(mod(n,5))' -vsync vfr ${H264} -c:a aac`,
  'late picture.mkv': `-vf setpts=PTS+1.52/TB ${H264} -c:a aac`,
  'late sound.ts': `-af asetpts=PTS+1.2/TB ${H264} -c:a aac`,
  'picture goes on.mp4': `${H264} -af atrim=0:1 -c:a aac`,
  'slow.mp4': `-vf fps=1 ${H264} -c:a aac`,
  'telephone.mov': `${H264} -c:a pcm_s16le -ar 8000`,
}
const FRAMES_PER_SECOND: Readonly<Record<string, number>> = { 'ntsc.mp4': 30_000 / 1_001, 'slow.mp4': 1 }
/** Before the sound begins: chunks have silence there. */
const SILENT_SECONDS: Readonly<Record<string, number>> = { 'late sound.ts': 1.2 }
const PICTURES = [
  'faststart.mp4',
  'moov-at-end.mp4',
  'fragmented.mp4',
  'prores.mov',
  'clip.mkv',
  'clip.webm',
  'b-frames.avi',
  'clip.ts',
  'clip.flv',
  'clip.mpg',
  'video-only.mp4',
] as const satisfies ClipName[]
const SOUNDS = ['tone.mp3', 'tone.aac', 'tone.wav', 'tone.ogg', 'tone.flac'] as const satisfies ClipName[]
const pictures = oneOfEachKind<ClipName>(PICTURES, [
  'faststart.mp4',
  'moov-at-end.mp4',
  'clip.webm',
  'clip.ts',
])
const odd = oneOfEachKind(Object.keys(ODD), [
  'ntsc.mp4',
  'variable rate.mp4',
  'late sound.ts',
  'telephone.mov',
])
const sounds = oneOfEachKind<ClipName>(SOUNDS, ['tone.mp3', 'tone.wav'])

const folder = await clipFolder()
const paths = new Map<string, string>()
beforeAll(async () => {
  for (const name of [...pictures, ...sounds]) paths.set(name, await makeClip(folder, name))
  for (const name of odd) paths.set(name, await makeMedia(join(folder, name), ODD[name] ?? ''))
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

describe.each(await ffmpegBuilds())('exact chunks with $name', (build) => {
  const used = useChunk(build)
  const attemptOn = (
    source: string,
    { seconds = SECONDS, ...rest }: { seconds?: number } & Pick<LocalAttemptOptions, 'input'> = {},
  ) => used.cut(source, { mode: 'exact', seconds }, rest)
  const decodedOf = (attempt: LocalAttempt) => Promise.all(pathsOf(attempt).map((path) => decoded(path)))

  /** Encoded and decoded once for all tests that only look at it. */
  const made = new Map<string, { readonly attempt: LocalAttempt; readonly chunks: readonly Decoded[] }>()
  async function chunksOf(name: string) {
    const before = made.get(name)
    if (before) return before
    const attempt = await attemptOn(paths.get(name) ?? '')
    const chunks = await decodedOf(attempt)
    const left = await leftovers(attempt)
    await attempt.remove()
    expect(left).toEqual([])
    made.set(name, { attempt, chunks })
    return { attempt, chunks }
  }

  it.each([...pictures, ...odd])(
    'cuts %s within a frame of the request, and loses and adds nothing',
    async (name) => {
      const { attempt, chunks } = await chunksOf(name)
      const frameSeconds = 1 / (FRAMES_PER_SECOND[name] ?? 25)
      for (const { chunk: times } of attempt.files.slice(0, -1)) {
        expect(times?.requestedSeconds).toBe(SECONDS)
        expect(Math.abs((times?.durationSeconds ?? NaN) - SECONDS)).toBeLessThan(frameSeconds + 0.001)
      }
      const whole = await decoded(paths.get(name) ?? '')
      const sum = (of: 'frames' | 'samples') => chunks.reduce((total, each) => total + each[of], 0)
      expect(sum('frames')).toBe(whole.frames)
      const addedSamples = (SILENT_SECONDS[name] ?? 0) * 48_000
      expect(Math.abs(sum('samples') - addedSamples - whole.samples)).toBeLessThanOrEqual(SOUND_FRAME)
    },
  )

  it.each([...pictures, ...odd])(
    'gives chunks of %s that play alone, from 0 and a keyframe on, without a complaint',
    async (name) => {
      const { attempt, chunks } = await chunksOf(name)
      expect(chunks.map(({ complaints }) => complaints)).toEqual(chunks.map(() => ''))
      // The first one keeps the time that passes before the first picture.
      expect(chunks[0]?.firstPicture).toMatch(/^[01]\.\d+,K/)
      const others = chunks.slice(1).map(({ firstPicture }) => firstPicture.slice(0, 10))
      expect(others).toEqual(others.map(() => '0.000000,K'))
      expect(attempt.facts.warnings).toEqual([])
    },
  )

  it.each(sounds)('cuts the sound of %s within a frame of it into AAC', async (name) => {
    const source = paths.get(name) ?? ''
    const attempt = await attemptOn(source)
    expect(attempt.files.map((file) => file.contentType)).toEqual(attempt.files.map(() => 'audio/mp4'))
    for (const { chunk: times } of attempt.files.slice(0, -1)) {
      expect(Math.abs((times?.durationSeconds ?? NaN) - SECONDS)).toBeLessThan(SOUND_FRAME / 48_000)
    }
    const chunks = await decodedOf(attempt)
    const samples = chunks.reduce((total, each) => total + each.samples, 0)
    expect(Math.abs(samples - (await decoded(source)).samples)).toBeLessThanOrEqual(SOUND_FRAME)
    expect(chunks.map(({ complaints }) => complaints)).toEqual(chunks.map(() => ''))
    await attempt.remove()
  })

  it('gives the same chunks by URL as from a file', async () => {
    const source = paths.get('moov-at-end.mp4') ?? ''
    const both = [await attemptOn(source), await attemptOn(source, { input: 'url' })]
    const [fromFile, byUrl] = await Promise.all(
      both.map((attempt) => Promise.all(pathsOf(attempt).map((path) => readFile(path)))),
    )
    expect(byUrl?.map((bytes, index) => bytes.equals(fromFile?.[index] ?? Buffer.alloc(0)))).toEqual(
      byUrl?.map(() => true),
    )
    for (const attempt of both) await attempt.remove()
  })

  it('rotates the picture as a player would, once', async () => {
    const upright = `-i ${paths.get('faststart.mp4')} -map 2 -c copy`
    const turned = await makeMedia(join(folder, 'turned.mp4'), `${upright} -metadata:s:v rotate=90`)
    const attempt = await attemptOn(turned)
    const [first = ''] = pathsOf(attempt)
    const again = await used.cut(first)
    expect(attempt.facts.probe).toMatchObject({ video: [{ width: 128, height: 72, rotation: 270 }] })
    expect(again.facts.probe).toMatchObject({ video: [{ width: 72, height: 128, rotation: 0 }] })
    await Promise.all([attempt.remove(), again.remove()])
  })

  it('scales a picture whose size changes midway to its first size', async () => {
    const large = await makeMedia(join(folder, 'large.ts'), `${H264} -c:a aac`, 3)
    const small = await makeMedia(
      join(folder, 'small.ts'),
      `-s 96x54 ${H264} -c:a aac -output_ts_offset 3`,
      3,
    )
    const changing = join(folder, 'changing.ts')
    await writeFile(changing, Buffer.concat([await readFile(large), await readFile(small)]))
    const attempt = await attemptOn(changing)
    const chunks = await decodedOf(attempt)
    expect(chunks.map(({ complaints }) => complaints)).toEqual(['', '', '', ''].slice(0, chunks.length))
    expect(chunks.reduce((total, { frames }) => total + frames, 0)).toBeGreaterThan(140)
    await attempt.remove()
  })

  it('makes one chunk of a time without pictures, not a row of tiny ones', async () => {
    const still = await makeMedia(
      join(folder, 'still.mp4'),
      `-vf select='lt(t,0.5)+gt(t,6.9)' -vsync vfr ${H264} -c:a aac`,
    )
    const attempt = await attemptOn(still)
    expect(attempt.files.map((file) => Math.round(file.chunk?.durationSeconds ?? NaN))).toEqual([7, 1])
    expect(attempt.facts.warnings).toEqual([expect.stringContaining('none comes for that long')])
    await attempt.remove()
  })

  it('has the sound in the right place when it lasts much longer than the picture', async () => {
    const path = join(folder, 'short picture.mp4')
    const source = await makeMedia(path, `-s 64x36 ${H264} -c:a aac -vf trim=0:4.1`, 20)
    const attempt = await attemptOn(source)
    const chunks = await decodedOf(attempt)
    expect(chunks.map(({ samples }) => Math.round(samples / 48_000))).toEqual([2, 2, 16])
    await attempt.remove()
  })

  it('has keyframes inside long chunks, and cuts at none of them', async () => {
    const long = await makeMedia(join(folder, 'long.mp4'), `-map 0 -s 64x36 ${H264}`, 30)
    const attempt = await attemptOn(long, { seconds: 24 })
    expect(attempt.files.map((file) => file.chunk?.durationSeconds)).toEqual([24, 6])
    await attempt.remove()
  })

  it('warns when not everything could be decoded, and cuts the rest', async () => {
    const bytes = await readFile(paths.get('faststart.mp4') ?? '')
    for (let at = Math.floor(bytes.length / 7); at < bytes.length; at += 4_973)
      bytes[at] = (bytes[at] ?? 0) ^ 0x55
    const source = join(folder, 'damaged.mp4')
    await writeFile(source, bytes)
    const attempt = await attemptOn(source)
    expect(attempt.files).toHaveLength(4)
    expect(attempt.facts.warnings).toEqual([expect.stringContaining('missing or damaged')])
    await attempt.remove()
  })

  it('reports its progress and speed in media time', async () => {
    const attempt = await attemptOn(paths.get('faststart.mp4') ?? '')
    expect(attempt.progress.at(-1)).toMatchObject({ percent: expect.any(Number), speed: expect.any(Number) })
    expect(attempt.progress.at(-1)?.mediaSeconds).toBeGreaterThan(7.5)
    await attempt.remove()
  })
})
