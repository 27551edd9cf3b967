/** Keyframes of an MP4 from its tables alone are those that ffprobe lists; where they might not be, the packets are listed. */
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clipFolder, makeMedia } from '../helpers/clips.ts'
import { ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { localSource } from '../helpers/local-source.ts'

let folder: string
beforeAll(async () => {
  folder = await clipFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const H264 = '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -sc_threshold 0'
const PLAIN = {
  'with B-frames': ['b.mp4', `${H264} -bf 2 -g 25 -c:a aac`],
  'without B-frames': ['p.mp4', `${H264} -bf 0 -g 25 -c:a aac`],
  'of QuickTime, with uneven keyframes': [
    'q.mov',
    `${H264} -bf 3 -force_key_frames 0,1.2,3.4,4 -g 999 -c:a aac`,
  ],
  'with its tables at the front': ['f.mp4', `${H264} -bf 2 -g 25 -c:a aac -movflags +faststart`],
  'with open GOPs': ['o.mp4', '-c:v libx264 -preset veryfast -bf 2 -g 25 -x264-params open-gop=1:scenecut=0'],
} as const
const LISTED = {
  'in fragments, with the first of them in its tables': [
    'half.mp4',
    `${H264} -bf 2 -g 25 -c:a aac -movflags +frag_keyframe`,
  ],
  'in fragments': ['frag.mp4', `${H264} -bf 2 -g 25 -c:a aac -movflags +frag_keyframe+empty_moov`],
  'where every picture is a keyframe': ['intra.mp4', `${H264} -g 1 -an`],
  'that begins late': ['late.mp4', `-itsoffset 1.5 -i LATE -map 1 -map 2 -c:v copy -c:a aac`],
  'of uneven rate': ['r.mp4', `${H264} -bf 2 -g 25 -vf select=mod(n\\,7) -vsync vfr -an`],
} as const

describe.each(await ffmpegBuilds())('the packets of an MP4 by $name', (build) => {
  const gops = async (source: string) => {
    const { inspect, gopsOf } = await withBuild(build, async () => ({
      ...(await import('../../functions/media/inspect.ts')),
      ...(await import('../../functions/hls/plan/gops.ts')),
    }))
    const local = localSource(source, { input: 'file', scratch: folder, room: async () => {} })
    const { size: sizeBytes } = await stat(source)
    const inspection = await inspect({
      source: local,
      sizeBytes,
      scratch: folder,
      signal: new AbortController().signal,
    })
    const of = (read: (start: number, count: number) => Promise<Buffer>, signal: AbortSignal) =>
      gopsOf({
        inspection,
        stream: inspection.media.video[0]?.index ?? 0,
        scratch: folder,
        signal,
        onRead: () => {},
        isTruncatedFine: false,
        read,
      })
    return {
      listed: await of(() => Promise.resolve(Buffer.alloc(0)), new AbortController().signal),
      // Nothing can be listed.
      told: await of(
        (start, count) => local.bytes(start, count),
        AbortSignal.abort(new Error('listed')),
      ).catch((error: Error) => error),
      close: () => local.close(),
    }
  }

  it.each(Object.entries(PLAIN))(
    '%s come from its tables alone, as ffprobe lists them',
    async (_, [name, words]) => {
      const { listed, told, close } = await gops(await makeMedia(join(folder, name), words))
      expect(told).toEqual(listed)
      await close()
    },
  )

  it.each(Object.entries(LISTED))('%s are listed', async (_, [name, words]) => {
    const film = await makeMedia(join(folder, 'film.mp4'), `-map 0 ${H264} -bf 2 -g 25`)
    const { told, close } = await gops(await makeMedia(join(folder, name), words.replace('LATE', film)))
    expect(told).toMatchObject({ message: 'listed' })
    await close()
  })
})
