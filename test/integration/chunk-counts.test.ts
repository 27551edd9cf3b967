/** Packets are counted, and time is one: what `chunk` makes of tables, clocks and edit lists that say less or more than there is. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type LocalAttempt, pathsOf } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { clipFolder, makeMedia, pictureHashes, soundPacketHashes } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'
import { patched, rewritten } from '../helpers/hostile-media.ts'

const H264 = '-s 160x90 -c:v libx264 -preset ultrafast -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p'
const BOTH = `${H264} -bf 0 -c:a aac`
const SECONDS = 4
const folder = await clipFolder()
const path = (name: string) => join(folder, name)
afterAll(() => rm(folder, { recursive: true }))

async function made(name: string, options: string): Promise<Buffer> {
  return readFile(await makeMedia(path(name), options, SECONDS))
}
async function written(name: string, bytes: Buffer): Promise<string> {
  await writeFile(path(name), bytes)
  return path(name)
}
/** Of each track of an MP4 whose tables come last, so that nothing else moves. */
const inTables = (bytes: Buffer, type: string, at: number, value: number) =>
  rewritten(bytes, type, (content) => patched(content, at, value))

describe.each(await ffmpegBuilds())('what is counted with $name', (build) => {
  const used = useChunk(build)
  const cut = (source: string, options: Readonly<Record<string, unknown>> = {}) =>
    used.cut(source, { seconds: 1, ...options })
  const picturesOf = async (attempt: LocalAttempt) =>
    (await Promise.all(pathsOf(attempt).map((each) => pictureHashes(each)))).flat()

  it.each(['copy', 'exact'])(
    'refuses times beyond the 100 hours in mode %s, whatever this build makes of them',
    async (mode) => {
      const source = await written('days.mp4', inTables(await made('a.mp4', BOTH), 'stts', 12, 0x7fff_ffff))
      await expect(cut(source, { mode })).rejects.toThrow(/go beyond the 100 hours/)
    },
  )

  it('warns if the tables come after so many boxes that they were not read', async () => {
    const bytes = await made('boxes.mp4', BOTH)
    const at = bytes.indexOf('moov') - 4
    const free = Buffer.from('\0\0\0\bfree')
    const behind = (boxes: number) =>
      Buffer.concat([bytes.subarray(0, at), ...Array<Buffer>(boxes).fill(free), bytes.subarray(at)])
    for (const [boxes, warnings] of [
      [900, []],
      [1_000, [expect.stringMatching(/^the tables of the file could not be read .* not checked$/)]],
    ] as const) {
      const attempt = await cut(await written('behind.mp4', behind(boxes)))
      expect(attempt.facts.warnings).toEqual(warnings)
      await attempt.remove()
    }
  })

  it.each(['copy', 'exact'])(
    'says in mode %s how many pictures a damaged table of the last ones takes away',
    async (mode) => {
      const bytes = await made('b.mp4', `${BOTH} -movflags +faststart`)
      // Where the packets of the picture lie, the first track: the last ones far behind the end of the file.
      const table = bytes.indexOf('stco') + 8
      const place = table + 4 * bytes.readUInt32BE(table)
      bytes.writeUInt32BE(bytes.readUInt32BE(place) | 0x0400_0000, place)
      const source = await written('stco.mp4', bytes)
      const outcome = await cut(source, { mode }).catch((error: unknown) => error as Error)
      const said = outcome instanceof Error ? outcome.message : outcome.facts.warnings.join()
      expect(said).toMatch(/\d+ of the 100 packets that the file declares could be read|truncated|damaged/)
    },
  )

  it('names the second at which the clock goes back, and keeps everything before it when asked to', async () => {
    const one = await made('one.mkv', `${BOTH} -f matroska -live 1`)
    const source = await written('two.mkv', Buffer.concat([one, one]))
    await expect(cut(source)).rejects.toMatchObject({
      name: 'PermanentError',
      message: expect.stringMatching(/clock goes back after (3\.9|4\.0) s.*onTruncated=keep/) as string,
    })
    const pictures = await pictureHashes(path('one.mkv'))
    for (const mode of ['copy', 'exact']) {
      const kept = await cut(source, { mode, onTruncated: 'keep' })
      const { truncatedAtSeconds = NaN, durationSeconds = NaN } = kept.facts.totals
      expect(truncatedAtSeconds).toBeGreaterThan(3.6)
      expect(truncatedAtSeconds).toBeLessThan(4.1)
      expect(durationSeconds).toBeCloseTo(truncatedAtSeconds, 1)
      expect(kept.facts.warnings.join()).toMatch(/clock goes back after .* Everything before that is kept/)
      const found = await picturesOf(kept)
      expect(found.length).toBeGreaterThan(90)
      expect(found.length).toBeLessThanOrEqual(100)
      const isCopied = mode === 'copy'
      expect(isCopied ? found : []).toEqual(isCopied ? pictures.slice(0, found.length) : [])
      await kept.remove()
    }
  })

  it('cuts sound of which two packets come at one time', async () => {
    const tone = await made('tone.mka', '-map 1 -c:a libmp3lame')
    const attempt = await cut(await written('equal.mka', inPairs(tone)))
    const packets = await Promise.all(pathsOf(attempt).map((each) => soundPacketHashes(each)))
    expect(packets.flat()).toEqual(await soundPacketHashes(path('tone.mka')))
    expect(attempt.facts.warnings).toEqual([])
    await attempt.remove()
  })

  it('leaves out the pictures after the end of the edit list, without a warning', async () => {
    const source = await written('tail.mp4', inTables(await made('c.mp4', BOTH), 'elst', 8, 2_400))
    const attempt = await cut(source)
    expect(await picturesOf(attempt)).toEqual((await pictureHashes(path('c.mp4'))).slice(0, 60))
    expect(attempt.facts.totals['durationSeconds']).toBeCloseTo(2.4, 1)
    expect(attempt.facts.warnings).toEqual([])
    await attempt.remove()
  })

  it('says how many of them cannot be left out with B-frames', async () => {
    const bytes = await made('d.mp4', `${H264} -bf 2 -c:a aac`)
    const attempt = await cut(await written('tail b.mp4', inTables(bytes, 'elst', 8, 2_400)))
    const extra = (await picturesOf(attempt)).length - 60
    expect(extra).toBeGreaterThan(0)
    expect(extra).toBeLessThan(4)
    expect(attempt.facts.warnings.join()).toContain(
      `${extra} picture${extra === 1 ? '' : 's'} that the file's edit list hides can be seen`,
    )
    await attempt.remove()
  })

  it('refuses to copy a track with several edits, and says that re-encoding can', async () => {
    const bytes = await made('e.mp4', BOTH)
    const edits = [1_000, 0, 0x1_0000, 1_000, 0, 0x1_0000]
    const list = Buffer.alloc(8 + edits.length * 4)
    list.writeUInt32BE(2, 4)
    for (const [place, value] of edits.entries()) list.writeUInt32BE(value, 8 + place * 4)
    const source = await written(
      'edits.mp4',
      rewritten(bytes, 'elst', () => list),
    )
    await expect(cut(source)).rejects.toThrow(/edit list plays several parts.*mode=exact/)
    const attempt = await cut(source, { mode: 'exact' })
    expect(attempt.facts.totals['durationSeconds']).toBeCloseTo(2, 0)
    await attempt.remove()
  })

  it('marks a first chunk without any keyframe as not independent, and does not speak of a few pictures', async () => {
    const bytes = await made('gop.ts', `${H264} -g 50 -keyint_min 50 -bf 0 -c:a aac`)
    const source = await written('midgop.ts', bytes.subarray(188 * Math.floor(bytes.length / 188 / 8)))
    const attempt = await cut(source)
    const [first, ...others] = attempt.files.map((file) => file.chunk?.independent)
    expect(first).toBe(false)
    expect(others).not.toContain(false)
    expect(attempt.facts.warnings.join()).toMatch(/first chunk.* no keyframe, so none of its pictures/)
    expect(attempt.facts.warnings.join()).not.toContain('these few pictures')
    await attempt.remove()
  })

  it('does not take a subtitle that outlasts the picture for a missing picture', async () => {
    await writeFile(path('cue.srt'), '1\n00:00:01,000 --> 00:00:09,000\nlong\n')
    const input = `-i ${path('cue.srt')} -map 0 -map 1 -map 2 ${BOTH} -c:s srt`
    const bytes = await made('cue.mkv', input)
    for (let at = bytes.indexOf('DURATION'); at >= 0; at = bytes.indexOf('DURATION', at + 1))
      bytes.write('LASTING_', at, 'latin1')
    const source = await written('no tags.mkv', bytes)
    for (const mode of ['copy', 'exact']) {
      const attempt = await cut(source, { mode })
      expect(attempt.facts.totals['durationSeconds']).toBeCloseTo(SECONDS, 0)
      expect(attempt.facts.warnings.join()).not.toMatch(/truncated|declares/)
      await attempt.remove()
    }
  })

  it('reports a hole in a Matroska file, which declares no number of packets', async () => {
    const bytes = await made('hole.mkv', BOTH)
    bytes.fill(0, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 5_000)
    const attempt = await cut(await written('with a hole.mkv', bytes))
    expect(attempt.facts.warnings.join()).toContain('FFmpeg skipped a part of it')
    await attempt.remove()
  })

  it('treats a length of all ones as unknown', async () => {
    const bytes = await made('fragments.mp4', `${BOTH} -movflags +frag_keyframe+empty_moov`)
    const ones = inTables(inTables(bytes, 'mdhd', 16, 0xffff_ffff), 'tkhd', 20, 0xffff_ffff)
    const attempt = await cut(await written('ones.mp4', ones))
    expect(await picturesOf(attempt)).toEqual(await pictureHashes(path('fragments.mp4')))
    expect(attempt.facts.warnings).toEqual([])
    await attempt.remove()
  })
})

/** A Matroska file of sound alone: each second block gets the time of the one before it. */
function inPairs(bytes: Buffer): Buffer {
  const result = Buffer.from(bytes)
  let blocks = 0
  // Size and number of the track have one byte and two: blocks of MP3 are shorter than 16,383 bytes.
  for (let at = result.indexOf(0xa3); at >= 0; at = result.indexOf(0xa3, at + 1)) {
    const width = Math.clz32(result[at + 1] ?? 0) - 23
    if (width !== 2 || result[at + 3] !== 0x81 || result[at + 6] !== 0x80) continue
    if (blocks++ % 2 === 1) result.writeInt16BE(lastTime, at + 4)
    else lastTime = result.readInt16BE(at + 4)
  }
  return result
}
let lastTime = 0
