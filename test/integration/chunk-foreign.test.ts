/** Files with a stream whose decoder is not accepted: what can be cut is cut, the stream is named, and nothing opens its decoder. On every build that is here. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionDefinition } from '../../runtime/index.ts'
import { localAttempt, type LocalAttempt } from '../helpers/attempt.ts'
import { clipFolder, makeMedia, pictureHashes } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))

const H264 = '-c:v libx264 -preset ultrafast -bf 0 -g 25 -keyint_min 25 -pix_fmt yuv420p'
const BOTH = `-map 0 -map 1 -map 1 ${H264} -strict -2`

const FILES = {
  'truehd.mkv': { made: `${BOTH} -c:a:0 truehd -c:a:1 ac3`, stream: 1, codec: 'truehd' },
  's302m.ts': { made: `${BOTH} -c:a:0 aac -c:a:1 s302m -ac:a:1 2`, stream: 2, codec: 's302m' },
  'nellymoser.flv': {
    made: '-c:v flv1 -g 25 -c:a nellymoser -ar 22050',
    stream: 0,
    codec: 'nellymoser',
  },
  'second.mkv': {
    made: `-map 0 -map 0 -map 1 ${H264} -s:v:0 64x36 -c:v:1 magicyuv -pix_fmt:v:1 gbrp -c:a aac`,
    stream: 1,
    codec: 'magicyuv',
  },
  'cover.flac': {
    made: '-map 1 -map 0 -frames:v 1 -c:a flac -c:v tiff -disposition:v attached_pic',
    stream: 1,
    codec: 'tiff',
  },
} as const
type Name = keyof typeof FILES

const make = (name: string, made: string) => makeMedia(join(folder, name), made, 4)

describe.each(await ffmpegBuilds())('a stream that is not accepted, with $name', (build) => {
  let chunk: FunctionDefinition
  let probe: FunctionDefinition
  beforeAll(async () => {
    ;({ chunk, probe } = await withBuild(build, async () => ({
      ...(await import('../../functions/chunk.ts')),
      ...(await import('../../functions/probe.ts')),
    })))
  })

  async function run(definition: FunctionDefinition, source: string, options = {}): Promise<LocalAttempt> {
    const attempt = await localAttempt(definition, { source, options })
    await attempt.run()
    await attempt.remove()
    return attempt
  }

  it.each(Object.keys(FILES) as Name[])('is left out of %s, by name', async (name) => {
    const { made, stream, codec } = FILES[name]
    const source = await make(name, made)
    for (const options of [{ seconds: 2 }, { seconds: 2, mode: 'exact' }, { parts: 2 }]) {
      const { files, facts } = await run(chunk, source, options)
      expect({ options, isCut: files.length > 1 }).toEqual({ options, isCut: true })
      expect(facts.totals['durationSeconds']).toBeCloseTo(4, 0)
      expect(facts.probe).toMatchObject({ dropped: [{ index: stream, codec }] })
      expect(facts.warnings).toEqual([
        expect.stringMatching(new RegExp(`^stream ${stream} \\(${codec}\\) is not in the chunks: `)),
      ])
    }
  })

  it('does not affect the others: every picture is there', async () => {
    const source = await make('truehd.mkv', FILES['truehd.mkv'].made)
    const attempt = await localAttempt(chunk, { source, options: { seconds: 2 } })
    await attempt.run()
    const paths = attempt.files.map(({ name }) => join(attempt.folder, name))
    const pieces = await Promise.all(paths.map((path) => pictureHashes(path)))
    await attempt.remove()
    expect(pieces.flat()).toEqual(await pictureHashes(source))
  })

  it('is described by probe as not opened', async () => {
    const { facts } = await run(probe, await make('truehd.mkv', FILES['truehd.mkv'].made))
    expect(facts.probe).toMatchObject({
      video: [{ codec: 'h264', width: 128, height: 72, framesPerSecond: 25, durationSeconds: 4.005 }],
      audio: [
        { codec: 'truehd', isAccepted: false, isDefault: true },
        { codec: 'ac3', sampleRate: 48_000, channels: 1 },
      ],
    })
  })

  it('is a refusal if it is the picture, with a hint at how to get the sound', async () => {
    const source = await make('only.mkv', '-c:v magicyuv -pix_fmt gbrp -c:a aac')
    await expect(run(chunk, source)).rejects.toThrow(
      'its video codec (magicyuv) is not accepted here; streams=audio cuts the sound alone',
    )
    const { files } = await run(chunk, source, { streams: 'audio', seconds: 2 })
    expect(files.length).toBeGreaterThan(1)
  })

  it('is a refusal if there is nothing else', async () => {
    const source = await make('alone.avi', '-map 0 -c:v magicyuv -pix_fmt gbrp')
    for (const definition of [chunk, probe]) {
      await expect(run(definition, source)).rejects.toMatchObject({
        name: 'PermanentError',
        message: 'the file is not accepted: its codec (magicyuv) is not accepted here',
      })
    }
  })
})
