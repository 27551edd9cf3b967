/** Files that are odd in a way that FFmpeg misjudges: good ones of which it complains, and damaged ones of which it does not. On every build that is here. */
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { localAttempt, type LocalAttempt, pathsOf } from '../helpers/attempt.ts'
import { useChunk } from '../helpers/chunk.ts'
import { CLIPS, clipFolder, makeClip, makeMedia, pictureHashes, sampleHash } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

/** A WAV whose writer could not go back to say how long it became. */
async function pipedWav(name: string, riffBytes: number, dataBytes: number): Promise<string> {
  const bytes = await readFile(await makeClip(folder, 'tone.wav'))
  bytes.writeUInt32LE(riffBytes, 4)
  bytes.writeUInt32LE(dataBytes, bytes.indexOf('data') + 4)
  await writeFile(join(folder, name), bytes)
  return join(folder, name)
}

describe.each(await ffmpegBuilds())('odd files with $name', (build) => {
  const used = useChunk(build)
  async function cut(source: string): Promise<LocalAttempt> {
    const attempt = await localAttempt(used.chunk, { source, options: { seconds: 2 } })
    await attempt.run()
    return attempt
  }

  it('cuts two transport streams in one file, although the clock goes back in the middle', async () => {
    const one = await makeMedia(join(folder, 'one.ts'), CLIPS['clip.ts'], 4)
    const once = await pictureHashes(one)
    const both = join(folder, 'both.ts')
    const bytes = await readFile(one)
    await writeFile(both, bytes)
    await appendFile(both, bytes)
    const attempt = await cut(both)
    const pieces = await Promise.all(pathsOf(attempt).map((path) => pictureHashes(path)))
    expect(pieces).toHaveLength(4)
    expect(pieces.flat()).toEqual([...once, ...once])
    await attempt.remove()
  })

  it.each([
    { writer: 'FFmpeg', riffBytes: 0xffff_ffff, dataBytes: 0xffff_ffff },
    { writer: 'SoX', riffBytes: 0x7fff_f024, dataBytes: 0x7fff_f000 },
    { writer: 'a recorder that crashed', riffBytes: 0, dataBytes: 0 },
  ])('cuts all of a WAV whose length $writer did not tell', async ({ writer, riffBytes, dataBytes }) => {
    const source = await pipedWav(`${writer}.wav`, riffBytes, dataBytes)
    const attempt = await cut(source)
    expect(await sampleHash(pathsOf(attempt))).toBe(await sampleHash([join(folder, 'tone.wav')]))
    await attempt.remove()
  })

  it('cuts Apple Lossless into pieces that are M4A and hold the same samples', async () => {
    const source = await makeMedia(join(folder, 'lossless.m4a'), '-map 1 -c:a alac')
    const attempt = await cut(source)
    expect(pathsOf(attempt).length).toBeGreaterThanOrEqual(4)
    expect(pathsOf(attempt).map((path) => path.endsWith('.m4a'))).not.toContain(false)
    expect(await sampleHash(pathsOf(attempt))).toBe(await sampleHash([source]))
    await attempt.remove()
  })

  it('says which chunks of an MXF depend on the previous one: their first pictures cannot be decoded without it', async () => {
    const options = '-c:v mpeg2video -bf 2 -g 15 -c:a pcm_s16le -ar 48000'
    const source = await makeMedia(join(folder, 'camera.mxf'), options)
    const attempt = await cut(source)
    const paths = pathsOf(attempt)
    expect(await pictureHashes(...paths)).toEqual(await pictureHashes(source))
    const alone = (await Promise.all(paths.map((path) => pictureHashes(path)))).flat()
    expect(alone.length).toBeLessThan((await pictureHashes(source)).length)
    expect(attempt.files.map((file) => file.chunk?.independent)).toEqual(paths.map((_, index) => index === 0))
    expect(attempt.facts.warnings.join()).toMatch(/open GOPs/)
    await attempt.remove()
  })

  it('reports pictures that a damaged table hides, although the sound is complete', async () => {
    const bytes = await readFile(await makeMedia(join(folder, 'whole.mp4'), CLIPS['faststart.mp4'], 3))
    // Where the packets of the picture, the first track, lie in the file: from three quarters on, far behind its end.
    const table = bytes.indexOf('stco') + 4
    const place = table + 8 + 4 * Math.floor(bytes.readUInt32BE(table + 4) * 0.75)
    bytes.writeUInt32BE(bytes.readUInt32BE(place) | 0x0400_0000, place)
    const damaged = join(folder, 'damaged.mp4')
    await writeFile(damaged, bytes)
    const attempt = await cut(damaged)
    expect(attempt.facts.warnings.join()).toMatch(/stream 0 \(h264\) ends at 2\.\d s, .* until 3\.0 s/)
    await attempt.remove()
  })
})
