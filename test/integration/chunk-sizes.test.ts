/** The function `chunk` with pieces requested by number or size: on real FFmpeg. */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { leftovers, type LocalAttempt, pathsOf } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { CLIP_SECONDS, clipFolder, decoded, makeMedia, pictureHashes, sampleHash } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { oneOfEachKind, onlyThorough } from '../helpers/thorough.ts'

const H264 = '-c:v libx264 -preset ultrafast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p'
const folder = await clipFolder()
const path = (name: string) => join(folder, name)
beforeAll(async () => {
  await makeMedia(path('clip.mp4'), `${H264} -c:a aac`, CLIP_SECONDS, '320x180')
  await makeMedia(path('clip.mkv'), `${H264} -c:a aac`, CLIP_SECONDS, '320x180')
  // Noise takes more than any rate that an encoder is told.
  await makeMedia(path('noise.mp4'), `-vf fps=5,geq=random(1)*255:128:128 ${H264} -c:a aac`, 12)
  await makeMedia(path('tone.wav'), '-map 1 -c:a pcm_s16le')
  // A tone that is silent in the last second of each five.
  await makeMedia(
    path('talk.m4a'),
    "-map 1 -af volume='if(lt(mod(t,5),4),1,0)':eval=frame -c:a aac -b:a 96k",
    40,
  )
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

describe.each(await ffmpegBuilds())('chunk by number and size with $name', (build) => {
  const used = useChunk(build)
  async function attemptOn(name: string, options: Readonly<Record<string, unknown>>): Promise<LocalAttempt> {
    const attempt = await used.cut(path(name), options)
    expect(await leftovers(attempt)).toEqual([])
    return attempt
  }
  const sizesOf = (attempt: LocalAttempt) =>
    Promise.all(pathsOf(attempt).map(async (each) => (await stat(each)).size))
  const starts = ({ files }: LocalAttempt) => files.map((file) => file.chunk?.startSeconds ?? NaN)

  it.each(['clip.mp4', 'clip.mkv'])(
    'cuts %s into three parts at the keyframes that are nearest',
    async (name) => {
      const attempt = await attemptOn(name, { parts: 3 })
      expect(starts(attempt).map(Math.round)).toEqual([0, 3, 5])
      for (const { chunk: times } of attempt.files) expect(times?.requestedSeconds).toBeCloseTo(8 / 3, 1)
      expect(await pictureHashes(...pathsOf(attempt))).toEqual(await pictureHashes(path(name)))
      expect(attempt.facts.warnings).toEqual([])
      await attempt.remove()
    },
  )

  it('makes fewer parts where there are not as many keyframes, and says so', async () => {
    const attempt = await attemptOn('clip.mp4', { parts: 40 })
    expect(attempt.files).toHaveLength(8)
    expect(attempt.facts.warnings[0]).toMatch(/40 parts were asked for, and there are only 8 places/)
    await attempt.remove()
  })

  it.each(oneOfEachKind([1, 3, 7, 33], [7, 33]))(
    'makes exactly %i parts of the same length when it re-encodes',
    async (parts) => {
      const attempt = await attemptOn('clip.mp4', { parts, mode: 'exact' })
      expect(attempt.files).toHaveLength(parts)
      for (const [index, startSeconds] of starts(attempt).entries())
        expect(Math.abs(startSeconds - (index * 8) / parts)).toBeLessThanOrEqual(0.06)
      const frames = await Promise.all(pathsOf(attempt).map(async (each) => (await decoded(each)).frames))
      expect(frames.reduce((sum, count) => sum + count, 0)).toBe(200)
      await attempt.remove()
    },
  )

  it('refuses more parts than there are pictures', async () => {
    await expect(attemptOn('clip.mp4', { parts: 300, mode: 'exact' })).rejects.toThrow(
      /300 parts .* ask for fewer/,
    )
  })

  it.each([
    { name: 'clip.mp4', bytes: 250_000, mode: 'copy' },
    { name: 'clip.mkv', bytes: '250kB', mode: 'copy' },
    { name: 'clip.mp4', bytes: '150kB', mode: 'exact' },
    { name: 'noise.mp4', bytes: '150kB', mode: 'exact' },
    { name: 'tone.wav', bytes: '100KiB', mode: 'copy' },
    { name: 'talk.m4a', bytes: '200kB', mode: 'copy' },
    ...onlyThorough({ name: 'talk.m4a', bytes: '200kB', mode: 'exact' }),
  ])('makes no piece of $name larger than $bytes in mode $mode', async ({ name, bytes, mode }) => {
    const limit =
      typeof bytes === 'number' ? bytes : parseInt(bytes) * (bytes.endsWith('KiB') ? 1_024 : 1_000)
    const attempt = await attemptOn(name, { bytes, mode })
    const sizes = await sizesOf(attempt)
    expect(sizes.length).toBeGreaterThan(1)
    expect(sizes.filter((size) => size > limit)).toEqual([])
    // Few pieces, not dust.
    expect(Math.max(...sizes)).toBeGreaterThan(limit * 0.3)
    const numbers = attempt.files.map((file) => Number(/^chunk-(\d{5})\.\w+$/.exec(file.name)?.[1]))
    expect(numbers).toEqual(sizes.map((_, index) => index))
    const ends = attempt.files.map(
      ({ chunk: times }) => (times?.startSeconds ?? NaN) + (times?.durationSeconds ?? NaN),
    )
    for (const [index, end] of ends.slice(0, -1).entries())
      expect(end).toBeCloseTo(starts(attempt)[index + 1] ?? NaN, 4)
    await attempt.remove()
  })

  it('loses nothing when it cuts by bytes', async () => {
    const [clip, tone] = [
      await attemptOn('clip.mp4', { bytes: 250_000 }),
      await attemptOn('tone.wav', { bytes: 100_000 }),
    ]
    expect(await pictureHashes(...pathsOf(clip))).toEqual(await pictureHashes(path('clip.mp4')))
    expect(await sampleHash(pathsOf(tone))).toBe(await sampleHash([path('tone.wav')]))
    await Promise.all([clip.remove(), tone.remove()])
  })

  it('cuts sound in a silence where there is one near the end of a piece', async () => {
    const attempt = await attemptOn('talk.m4a', { bytes: '200kB' })
    const inside = starts(attempt).slice(1)
    expect(inside.length).toBeGreaterThan(1)
    for (const startSeconds of inside) expect(startSeconds % 5).toBeGreaterThan(4 - 0.05)
    await attempt.remove()
  })

  it('says which second does not fit, and what to do, when keyframes are too rare for the size', async () => {
    await expect(attemptOn('clip.mp4', { bytes: '66kB' })).rejects.toThrow(
      /from 0\.0 s to 1\.0 s .* within 66000 bytes: choose a larger "bytes", or "mode=exact"/,
    )
  })

  it('gives only the sound when asked to, in pieces that are small enough', async () => {
    const attempt = await attemptOn('clip.mp4', { streams: 'audio', bytes: '70kB' })
    expect(attempt.files.map((file) => file.contentType)).toEqual(attempt.files.map(() => 'audio/mp4'))
    expect((await sizesOf(attempt)).every((size) => size <= 70_000)).toBe(true)
    const sound = await Promise.all(pathsOf(attempt).map((each) => decoded(each)))
    expect(sound.every(({ frames, samples }) => frames === 0 && samples > 0)).toBe(true)
    expect(attempt.facts.warnings).toEqual([expect.stringContaining('only the sound was asked for')])
    await attempt.remove()
  })

  it('reaches 100 percent in steps that never go back, whatever was asked for', async () => {
    for (const options of [{ parts: 3 }, { bytes: '250kB' }, { seconds: 2, mode: 'exact' }]) {
      const attempt = await attemptOn('clip.mkv', options)
      const percents = attempt.progress.map(({ percent }) => percent ?? 0)
      expect(percents).toEqual([...percents].sort((a, b) => a - b))
      expect(percents.at(-1)).toBeGreaterThan(95)
      expect(
        attempt.progress.flatMap((each) => Object.values(each)).filter((each) => !Number.isFinite(each)),
      ).toEqual([])
      await attempt.remove()
    }
  })
})
