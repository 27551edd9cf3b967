/** Every argument list on every FFmpeg that is here: each option is known, the guards hold, the lists come out. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyChunksArguments, probeArguments } from '../../functions/lib/arguments.ts'
import type { FfmpegResult, runFfmpeg as RunFfmpeg } from '../../functions/lib/ffmpeg.ts'
import { ffprobeSchema } from '../../functions/lib/media-info.ts'
import { parseSegment } from '../../functions/lib/segments.ts'
import { CLIPS, clipFolder, isSound, makeClip, makeMedia, type ClipName } from '../helpers/clips.ts'
import { disguises, openTrap, type Trap } from '../helpers/disguises.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'

const folder = await clipFolder()
const names = Object.keys(CLIPS) as ClipName[]
let trap: Trap
beforeAll(async () => {
  for (const name of names) await makeClip(folder, name)
  trap = await openTrap(folder, join(folder, 'clip.ts'))
}, 60_000)
afterAll(async () => {
  trap.close()
  await rm(folder, { recursive: true })
})

interface Outcome extends FfmpegResult {
  readonly lines: readonly string[]
}

describe.each(await ffmpegBuilds())('$name', (build) => {
  let runFfmpeg: typeof RunFfmpeg
  beforeAll(async () => {
    ;({ runFfmpeg } = await withBuild(build, () => import('../../functions/lib/ffmpeg.ts')))
  })

  async function run(tool: 'ffmpeg' | 'ffprobe', list: readonly string[]): Promise<Outcome> {
    const lines: string[] = []
    const result = await runFfmpeg({
      tool,
      profile: tool === 'ffprobe' ? 'probe' : 'copy',
      arguments: list,
      cwd: folder,
      signal: new AbortController().signal,
      onLine: (line) => lines.push(line),
    })
    return { ...result, lines }
  }

  const copy = (inputPath: string, streamIndexes: readonly number[], muxer: string, extension: string) =>
    run(
      'ffmpeg',
      copyChunksArguments({
        inputPath,
        streamIndexes,
        seconds: 2,
        muxer,
        outputPattern: `chunk-%05d.${extension}`,
      }),
    )

  it.each(names)('describes %s as JSON that we can read', async (name) => {
    const { exitCode, lines, lastLines } = await run('ffprobe', probeArguments(name))
    expect(lastLines.filter((line) => /unrecognized|not found|deprecated/i.test(line))).toEqual([])
    expect(exitCode).toBe(0)
    const document = ffprobeSchema.parse(JSON.parse(lines.join('\n')))
    expect(document.streams.map(({ codec_type }) => codec_type)).toContain(isSound(name) ? 'audio' : 'video')
  })

  it.each([
    ['faststart.mp4', 'mp4', 'mp4'],
    ['prores.mov', 'mov', 'mov'],
    ['clip.mkv', 'matroska', 'mkv'],
    ['clip.webm', 'webm', 'webm'],
    ['b-frames.avi', 'matroska', 'mkv'],
    ['clip.mpg', 'matroska', 'mkv'],
    ['tone.mp3', 'mp3', 'mp3'],
    ['tone.wav', 'wav', 'wav'],
    ['tone.ogg', 'webm', 'webm'],
    ['tone.opus', 'ogg', 'ogg'],
    ['tone.flac', 'matroska', 'mka'],
  ] as const)('copies %s into pieces of %s, with a line for each', async (name, muxer, extension) => {
    const { exitCode, lines, lastLines, mediaSeconds } = await copy(
      name,
      isSound(name) ? [0] : [0, 1],
      muxer,
      extension,
    )
    expect(lastLines.filter((line) => /unrecognized|option .* not found/i.test(line))).toEqual([])
    expect(exitCode).toBe(0)
    expect(lines.length).toBeGreaterThanOrEqual(3)
    expect(lines.map(parseSegment)).not.toContain(undefined)
    expect(mediaSeconds).toBeGreaterThan(7.5)
  })

  it('ends with an error on a file that breaks off', async () => {
    const half = join(folder, 'half.mp4')
    await writeFile(half, (await readFile(join(folder, 'faststart.mp4'))).subarray(0, 100_000))
    expect((await copy('half.mp4', [0, 1], 'mp4', 'mp4')).exitCode).not.toBe(0)
  })

  it.each(Object.keys(disguises('', '')))(
    'refuses %s by its own guards, without reading or asking further',
    async (name) => {
      await writeFile(join(folder, name), disguises(trap.canaryPath, trap.host)[name] ?? '')
      const probed = await run('ffprobe', probeArguments(name))
      const copied = await copy(name, [0], 'matroska', 'mkv')
      expect([probed.exitCode, copied.exitCode]).not.toContain(0)
      expect(copied.lines).toEqual([])
      expect(await trap.sprung()).toEqual([])
    },
  )

  it('refuses formats and decoders that are not on the lists', async () => {
    await makeMedia(join(folder, 'picture.png'), '-map 0 -frames:v 1')
    await makeMedia(join(folder, 'rare.avi'), '-map 0 -frames:v 2 -c:v magicyuv')
    for (const name of ['picture.png', 'rare.avi']) {
      const { exitCode, lastLines } = await run('ffprobe', probeArguments(name))
      expect(exitCode).not.toBe(0)
      expect(lastLines.join('\n')).toMatch(/not on whitelist/)
    }
  })

  it('refuses files with more streams than are accepted', async () => {
    const maps = Array.from({ length: 70 }, () => '-map 1').join(' ')
    await makeMedia(join(folder, 'many.mkv'), `${maps} -c:a pcm_s16le`, 1)
    expect((await run('ffprobe', probeArguments('many.mkv'))).exitCode).not.toBe(0)
  })
})
