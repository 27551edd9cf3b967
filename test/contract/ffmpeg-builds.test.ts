/** Every argument list on every FFmpeg that is here: each option is known, the guards hold, the lists come out. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { copyChunksArguments, probeArguments } from '../../functions/ffmpeg/arguments.ts'
import { exactChunksArguments } from '../../functions/chunk/recipe/exact.ts'
import { mustHaveSucceeded } from '../../functions/ffmpeg/words/failure.ts'
import type { runFfmpeg as RunFfmpeg } from '../../functions/ffmpeg/run/ffmpeg.ts'
import type { FfmpegResult } from '../../functions/ffmpeg/words/result.ts'
import { ffprobeSchema } from '../../functions/media/media-info.ts'
import { mediaInput, type MediaInput } from '../../functions/ffmpeg/media-input.ts'
import { parseSegment } from '../../functions/chunk/pieces/segments.ts'
import { CLIPS, clipFolder, isSound, makeClip, makeMedia, type ClipName } from '../helpers/clips.ts'
import { disguises, openTrap, type Trap } from '../helpers/disguises.ts'
import { everyFfmpegBuild, ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { localSource } from '../helpers/local-source.ts'
import { isThorough } from '../helpers/thorough.ts'

const folder = await clipFolder()
const names = Object.keys(CLIPS) as ClipName[]
let trap: Trap
beforeAll(async () => {
  for (const name of names) await makeClip(folder, name)
  trap = await openTrap(join(folder, 'clip.ts'))
}, 60_000)
afterAll(async () => {
  trap.close()
  await rm(folder, { recursive: true })
})

const inputOf = (name: string): MediaInput => ({ address: `file:${name}`, isUrl: false })

interface Outcome extends FfmpegResult {
  readonly lines: readonly string[]
}

/** In CI every build that can be had. */
const { builds, missing } = isThorough
  ? await everyFfmpegBuild()
  : { builds: await ffmpegBuilds(), missing: ['only one is tried without TEST_LONG'] }
it.skipIf(missing.length > 0)(
  `there are builds of 2018, 5.1 and 7 to try (missing: ${missing.length > 0 ? missing.join('; ') : 'none'})`,
  () => {
    const versions = builds.map(({ version }) => version).join(' ')
    expect(versions).toMatch(/^(?=.*N-\d+)(?=.*\b5\.1)(?=.*\b7\.0)/)
  },
)

describe.each(builds)('$name', (build) => {
  let runFfmpeg: typeof RunFfmpeg
  beforeAll(async () => {
    ;({ runFfmpeg } = await withBuild(build, () => import('../../functions/ffmpeg/run/ffmpeg.ts')))
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

  const copyFrom = (
    input: MediaInput,
    streamIndexes: readonly number[],
    [muxer, extension]: readonly [string, string] = ['matroska', 'mkv'],
  ) => {
    const outputPattern = `chunk-%05d.${extension}`
    const streams = streamIndexes.map((index) => ({
      index,
      kind: index === 0 ? ('v' as const) : ('a' as const),
    }))
    const cuts = { everySeconds: 2 }
    return run(
      'ffmpeg',
      copyChunksArguments({ input, streams, cuts, earlySeconds: 0.05, muxer, outputPattern }),
    )
  }
  const copy = (name: string, streamIndexes: readonly number[], container?: readonly [string, string]) =>
    copyFrom(inputOf(name), streamIndexes, container)

  it('says how many packets of each stream it read and wrote, and by how much a clock goes back', async () => {
    const { counts, lastLines } = await copy('clip.mkv', [0, 1])
    const read = [...(counts?.read ?? [])].map(([, { packets }]) => packets)
    expect(read).toEqual([200, expect.any(Number)])
    expect([...(counts?.muxed ?? [])].map(([, { packets }]) => packets)).toEqual(read)
    expect(lastLines).toEqual([])
    const one = await readFile(await makeMedia(join(folder, 'live.mkv'), `${CLIPS['clip.mkv']} -live 1`, 2))
    await writeFile(join(folder, 'twice.mkv'), Buffer.concat([one, one]))
    const { backSteps = [], exitCode } = await copy('twice.mkv', [0, 1])
    expect(exitCode).not.toBe(0)
    expect(backSteps.map(({ previous, current }) => previous - current > 1_000)).toContain(true)
  })

  it.each(names)('describes %s as JSON that we can read', async (name) => {
    const { exitCode, lines, lastLines } = await run('ffprobe', probeArguments(inputOf(name)))
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
    const { exitCode, lines, lastLines, mediaSeconds } = await copy(name, isSound(name) ? [0] : [0, 1], [
      muxer,
      extension,
    ])
    expect(lastLines.filter((line) => /unrecognized|option .* not found/i.test(line))).toEqual([])
    expect(exitCode).toBe(0)
    expect(lines.length).toBeGreaterThanOrEqual(3)
    expect(lines.map(parseSegment)).not.toContain(undefined)
    expect(mediaSeconds).toBeGreaterThan(7.5)
  })

  it.each([
    ['faststart.mp4', [0, 1]],
    ['tone.flac', [0]],
  ] as const)('encodes %s into pieces, with a line for each', async (name, streamIndexes) => {
    const list = exactChunksArguments({
      input: inputOf(name),
      streams: streamIndexes.map((index) => ({ index, kind: index === 0 && !isSound(name) ? 'v' : 'a' })),
      cuts: { everySeconds: 2 },
      seconds: 2,
      muxer: 'mp4',
      outputPattern: 'chunk-%05d.mp4',
      ...(!isSound(name) && { picture: { width: 128, height: 72, startSeconds: 0 } }),
      sounds: [{ channels: 2, bitRate: 128_000 }],
      hasFpsMode: build.hasFpsMode,
    })
    const { exitCode, lines, lastLines, mediaSeconds } = await run('ffmpeg', list)
    expect(lastLines.filter((line) => /unrecognized|deprecated|unused|not found/i.test(line))).toEqual([])
    expect(exitCode).toBe(0)
    const starts = lines.map((line) => parseSegment(line)?.startSeconds ?? NaN)
    expect(starts.slice(0, 4).map(Math.round)).toEqual([0, 2, 4, 6])
    // FFmpeg 7 cuts sound one packet earlier than older ones, which leaves one for a last piece.
    for (const startSeconds of starts.slice(4)) expect(startSeconds).toBeGreaterThan(8 - 2 * (1024 / 48_000))
    expect(mediaSeconds).toBeGreaterThan(7.5)
  })

  it('ends with an error on a truncated file', async () => {
    const half = join(folder, 'half.mp4')
    const whole = await readFile(join(folder, 'faststart.mp4'))
    await writeFile(half, whole.subarray(0, whole.length / 6))
    expect((await copy('half.mp4', [0, 1])).exitCode).not.toBe(0)
  })

  it.each(names)('reports lost input when the transfer of %s is cut off', async (name) => {
    const path = join(folder, name)
    const source = localSource(path, {
      input: 'url',
      scratch: folder,
      room: () => Promise.resolve(),
      breaksAtByte: Math.floor((await stat(path)).size * 0.6),
    })
    const result = await copyFrom(
      mediaInput(await source.input(), folder),
      isSound(name) || name === 'video-only.mp4' ? [0] : [0, 1],
    )
    await source.close()
    expect(() => mustHaveSucceeded(result)).toThrow('the source could not be read to its end')
    expect(result.lastLines.join('\n')).not.toContain('127.0.0.1')
  })

  it.each(Object.keys(disguises('', 'http://127.0.0.1:9')))(
    'refuses %s by its own guards, without reading or asking further',
    async (name) => {
      await writeFile(join(folder, name), disguises(trap.canaryPath, trap.host)[name] ?? '')
      const probed = await run('ffprobe', probeArguments(inputOf(name)))
      const copied = await copy(name, [0])
      // A reference movie is one, with nothing in it.
      const described = probed.exitCode === 0 ? probed.lines.join('\n') : '{"format":{"format_name":""}}'
      expect(ffprobeSchema.parse(JSON.parse(described)).streams).toEqual([])
      expect(copied.exitCode).not.toBe(0)
      expect(copied.lines).toEqual([])
      expect(await trap.sprung()).toEqual([])
    },
  )

  it('refuses formats and decoders that are not on the lists', async () => {
    await makeMedia(join(folder, 'picture.png'), '-map 0 -frames:v 1')
    await makeMedia(join(folder, 'rare.avi'), '-map 0 -frames:v 2 -c:v magicyuv')
    for (const name of ['picture.png', 'rare.avi']) {
      const { exitCode, lastLines } = await run('ffprobe', probeArguments(inputOf(name)))
      expect(exitCode).not.toBe(0)
      expect(lastLines.join('\n')).toMatch(/not on whitelist/)
    }
  })

  it('refuses files with more streams than are accepted', async () => {
    const maps = Array.from({ length: 70 }, () => '-map 1').join(' ')
    await makeMedia(join(folder, 'many.mkv'), `${maps} -c:a pcm_s16le`, 1)
    expect((await run('ffprobe', probeArguments(inputOf('many.mkv')))).exitCode).not.toBe(0)
  })
})
