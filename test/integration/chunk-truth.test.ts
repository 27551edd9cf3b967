/** Errors and warnings of `chunk` on files that are truncated, lie about themselves, or cannot be cut cleanly: on real FFmpeg. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chunkFacts } from '../../functions/chunk/tracks/chunk-facts.ts'
import { leftovers, type LocalAttempt, pathsOf } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { CLIP_SECONDS, clipFolder, decoded, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { oneOfEachKind, onlyThorough } from '../helpers/thorough.ts'

const H264 = '-c:v libx264 -preset ultrafast -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p'
const folder = await clipFolder()
const path = (name: string) => join(folder, name)
const WHOLE: Readonly<Record<string, string>> = {
  'whole.mp4': `${H264} -c:a aac -movflags +faststart`,
  'whole.mkv': `${H264} -c:a aac`,
  'whole.avi': '-c:v mpeg4 -g 25 -c:a libmp3lame',
  'whole.wav': '-map 1 -c:a pcm_s16le',
}
const names = Object.keys(WHOLE).map((name) => name.replace('whole', 'half'))
beforeAll(async () => {
  for (const [name, options] of Object.entries(WHOLE)) {
    const bytes = await readFile(await makeMedia(path(name), options))
    await writeFile(path(name.replace('whole', 'half')), bytes.subarray(0, bytes.length / 2))
  }
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

const reEncoded = oneOfEachKind(names, ['half.mkv'])

describe.each(await ffmpegBuilds())('the truth of chunks with $name', (build) => {
  const used = useChunk(build)
  async function attemptOn(
    source: string,
    options: Readonly<Record<string, unknown>>,
  ): Promise<LocalAttempt> {
    const attempt = await used.cut(source, { seconds: 2, ...options })
    expect(await leftovers(attempt)).toEqual([])
    return attempt
  }
  const endOf = ({ files }: LocalAttempt) => {
    const times = files.at(-1)?.chunk
    return (times?.startSeconds ?? NaN) + (times?.durationSeconds ?? NaN)
  }

  it('does not accept a fragmented file with a part missing in the middle as complete', async () => {
    const whole = await readFile(
      await makeMedia(path('fragments.mp4'), `${H264} -c:a aac -movflags +frag_keyframe+empty_moov`),
    )
    const source = path('hole.mp4')
    const middle = Math.floor(whole.length / 2)
    await writeFile(
      source,
      Buffer.concat([whole.subarray(0, middle), whole.subarray(middle + whole.length / 10)]),
    )
    await expect(attemptOn(source, {})).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringMatching(/damaged|truncated/) as string,
    })
    const kept = await attemptOn(source, { onTruncated: 'keep' })
    expect(endOf(kept)).toBeLessThan(8)
    expect(JSON.stringify(kept.facts.warnings)).toMatch(/damaged|truncated/)
    await kept.remove()
  })

  it.each(['half.mp4', 'half.mkv'])('names the second at which %s is cut off', async (name) => {
    for (const mode of ['copy', 'exact']) {
      const error = await attemptOn(path(name), { mode }).catch((thrown: unknown) => thrown as Error)
      expect(error).toMatchObject({
        name: 'PermanentError',
        message: expect.stringMatching(/truncated/) as string,
      })
      const [, second] = /(\d+\.\d) s(?: that)? could be read/.exec((error as Error).message) ?? []
      expect(Number(second)).toBeGreaterThan(1)
      expect(Number(second)).toBeLessThan(6)
    }
  })

  it.each(['half.mp4', 'half.avi', 'half.wav'])(
    'says how far %s can be read even if it is cut off before the first chunk ends',
    async (name) => {
      const error = await attemptOn(path(name), { seconds: 6 }).catch((thrown: unknown) => thrown as Error)
      const [, second] = /(\d+\.\d) s(?: that)? could be read/.exec((error as Error).message) ?? []
      const kept = await attemptOn(path(name), { seconds: 6, onTruncated: 'keep' })
      const { truncatedAtSeconds = NaN } = kept.facts.totals
      expect(Math.abs(Number(second) - truncatedAtSeconds)).toBeLessThan(0.11)
      await kept.remove()
    },
  )

  it.each(
    names.flatMap((name) => [
      { name, mode: 'copy' },
      ...(reEncoded.includes(name) ? [{ name, mode: 'exact' }] : []),
    ]),
  )(
    'keeps the intact part of $name in mode $mode when asked to, and says where it ends',
    async ({ name, mode }) => {
      const attempt = await attemptOn(path(name), { mode, onTruncated: 'keep' })
      const { truncatedAtSeconds = NaN } = attempt.facts.totals
      expect(truncatedAtSeconds).toBeGreaterThan(2)
      expect(truncatedAtSeconds).toBeLessThan(6)
      expect(endOf(attempt)).toBeCloseTo(truncatedAtSeconds, 3)
      expect(attempt.facts.warnings.join()).toMatch(/truncated.* Everything before that is kept/)
      const pieces = await Promise.all(pathsOf(attempt).map((each) => decoded(each)))
      expect(pieces.every(({ frames, samples }) => frames + samples > 0)).toBe(true)
      const torn = /Invalid|corrupt|partial|error while/i
      const flawed = pieces.filter(({ complaints }) => mode === 'copy' && torn.test(complaints))
      expect(flawed).toEqual([])
      await attempt.remove()
    },
  )

  it('says nothing of the kind about a complete file, whatever is wanted for torn ones', async () => {
    for (const name of Object.keys(WHOLE)) {
      const attempt = await attemptOn(path(name), { onTruncated: 'keep' })
      expect(attempt.facts.totals).not.toHaveProperty('truncatedAtSeconds')
      expect(attempt.facts.warnings).toEqual([])
      await attempt.remove()
    }
  })

  it('refuses a file without an intact part, even if that part is wanted', async () => {
    const bytes = await readFile(await makeMedia(path('end.mp4'), `${H264} -c:a aac`))
    await writeFile(path('no end.mp4'), bytes.subarray(0, bytes.length / 2))
    await expect(attemptOn(path('no end.mp4'), { onTruncated: 'keep' })).rejects.toThrow(
      /moov atom not found/,
    )
  })

  it('says which chunks need the previous one: their packets are all there, and re-encoding gives all pictures', async () => {
    const open = `-map 0 -c:v libx264 -preset veryfast -bf 2 -g 25 -x264-params open-gop=1:scenecut=0 -pix_fmt yuv420p`
    const source = await makeMedia(path('open.mp4'), open, CLIP_SECONDS, '320x180')
    const attempt = await attemptOn(source, {})
    expect(attempt.files.map((file) => file.chunk?.independent)).toEqual([true, false, false, false])
    expect(attempt.facts.warnings).toEqual([expect.stringContaining('need the previous chunk')])
    const facts = await Promise.all(pathsOf(attempt).map((each) => chunkFacts(each, 'mp4')))
    const packets = facts.map(({ tracks }) => tracks?.[0]?.packets ?? 0)
    expect(packets.reduce((sum, count) => sum + count, 0)).toBe(200)
    const shown = await Promise.all(pathsOf(attempt).map(async (each) => (await decoded(each)).frames))
    const mostLost = Math.max(...packets.map((count, place) => count - (shown[place] ?? 0)))
    expect(mostLost).toBeGreaterThan(0)
    expect(attempt.facts.warnings.join()).toContain(`(up to ${mostLost * 40} ms at a cut)`)
    await attempt.remove()
    const exact = await attemptOn(source, { mode: 'exact' })
    expect(exact.files.map((file) => file.chunk?.independent)).toEqual(exact.files.map(() => true))
    const frames = await Promise.all(pathsOf(exact).map(async (each) => (await decoded(each)).frames))
    expect(frames.reduce((sum, count) => sum + count, 0)).toBe(200)
    await exact.remove()
  })

  it('says how much of Vorbis is lost at the cuts, because the first packet of a chunk gives no sound', async () => {
    const source = await makeMedia(path('vorbis.mkv'), `${H264} -c:a libvorbis`)
    const attempt = await attemptOn(source, {})
    const heard = await Promise.all(pathsOf(attempt).map(async (each) => (await decoded(each)).samples))
    const lost = (await decoded(source)).samples - heard.reduce((sum, count) => sum + count, 0)
    const [, cuts, milliseconds] =
      /at (\d+) cuts the first packet \(up to (\d+) ms\)/.exec(attempt.facts.warnings.join()) ?? []
    expect(Number(cuts)).toBe(heard.length - 1)
    expect(Math.abs(lost / 48 / Number(cuts) - Number(milliseconds))).toBeLessThan(1.5)
    await attempt.remove()
  })

  it('keeps the pictures before the first declared keyframe, and says so', async () => {
    const bytes = await readFile(path('whole.mp4'))
    // The table of keyframes loses its first row.
    const at = bytes.indexOf('stss')
    const rows = bytes.readUInt32BE(at + 8)
    bytes.copy(bytes, at + 12, at + 16, at + 12 + rows * 4)
    bytes.writeUInt32BE(rows - 1, at + 8)
    await writeFile(path('no first keyframe.mp4'), bytes)
    const attempt = await attemptOn(path('no first keyframe.mp4'), {})
    const frames = await Promise.all(pathsOf(attempt).map(async (each) => (await decoded(each)).frames))
    expect(frames.reduce((sum, count) => sum + count, 0)).toBe(200)
    const [first, ...others] = attempt.files.map((file) => file.chunk?.independent)
    expect(others).toEqual([true, true, true])
    // Newer builds look into the packet itself, and find that it is one.
    const said = first ? '' : 'the first chunk is as the file begins: it does not begin with a keyframe'
    expect(attempt.facts.warnings.join()).toBe(said)
    await attempt.remove()
  })

  it('does not take a picture that is shown for long for an open GOP', async () => {
    const still = `-map 0 -vf select='lt(t,1.5)+gt(t,3.9)' -vsync vfr ${H264}`
    const attempt = await attemptOn(await makeMedia(path('still.mp4'), still), {})
    expect(attempt.files.map((file) => file.chunk?.independent)).toEqual(attempt.files.map(() => true))
    expect(attempt.facts.warnings.join()).not.toContain('need the previous chunk')
    await attempt.remove()
  })

  it.each([
    { name: 'one picture.mp4', options: `-map 0 -frames:v 1 ${H264}`, seconds: 0.04, makes: 8 },
    { name: 'late start.ts', options: `${H264} -c:a aac -output_ts_offset 1000`, seconds: 8, makes: 8 },
    {
      name: 'negative.mkv',
      options: `${H264} -c:a libvorbis -output_ts_offset -0.5 -avoid_negative_ts disabled`,
      seconds: 8,
      makes: 8,
    },
    ...onlyThorough(
      { name: 'long sound.mp4', options: `${H264} -s 64x36 -c:a aac -vf trim=0:8`, seconds: 68, makes: 68 },
      { name: 'wraps.ts', options: `${H264} -c:a aac -output_ts_offset 95440`, seconds: 8, makes: 8 },
    ),
  ])('tells the real length of $name', async ({ name, options, seconds, makes }) => {
    const source = await makeMedia(path(name), options, makes)
    for (const mode of ['copy', 'exact']) {
      const attempt = await attemptOn(source, { mode })
      expect(Math.abs((attempt.facts.totals['durationSeconds'] ?? NaN) - seconds)).toBeLessThan(0.6)
      expect(attempt.files[0]?.chunk?.startSeconds).toBeLessThan(0.6)
      await attempt.remove()
    }
  })
})
