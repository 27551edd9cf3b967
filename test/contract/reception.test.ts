/** Takes on every FFmpeg that is here: the facts about it on which reception stands. */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { MediaReception, PieceFormat, TakeInput } from '../../runtime/index.ts'
import type { checkReception as CheckReception } from '../../functions/reception/checks.ts'
import { freePort } from '../../infra/local/settings/ports.ts'
import { makeMedia, pictureHashes } from '../helpers/clips.ts'
import { everyFfmpegBuild, ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { endSenders, filmArgs, rtmpByFfmpeg, startSender } from '../helpers/streams/senders.ts'
import { canMount, mountSmallDisk } from '../helpers/small-disk.ts'
import { concatenated, listening, pathsOf, startTestTake, type Received } from '../helpers/streams/takes.ts'
import { isThorough } from '../helpers/thorough.ts'
import { waitFor } from '../helpers/wait.ts'

const H264 = '-c:v libx264 -preset ultrafast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p'
const VP9 = '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25'
const SOURCES = {
  'aac.flv': `${H264} -c:a aac`,
  'aac.ts': `${H264} -c:a aac`,
  'mp3.mkv': `${H264} -c:a libmp3lame`,
  'ac3.mkv': `${H264} -c:a ac3`,
  'eac3.mkv': `${H264} -c:a eac3`,
  'opus.mkv': `${H264} -c:a libopus`,
  'fragmented.mp4': `${H264} -c:a aac -movflags +frag_keyframe+empty_moov`,
  'mpeg2.ts': '-c:v mpeg2video -bf 2 -g 25 -c:a mp2',
  'vp9.webm': `${VP9} -c:a libopus`,
  'flac.mkv': `${H264} -c:a flac`,
  'flv1.flv': '-c:v flv -g 25 -c:a aac',
} as const
type SourceName = keyof typeof SOURCES

const root = await mkdtemp(join(tmpdir(), 'sluice-takes-'))
const pathOf = (name: SourceName) => join(root, name)
beforeAll(async () => {
  for (const name of Object.keys(SOURCES) as SourceName[]) await makeMedia(pathOf(name), SOURCES[name])
}, 120_000)
afterEach(endSenders)
afterAll(() => rm(root, { recursive: true }))

/** In CI every build that can be had. */
const builds = isThorough ? (await everyFfmpegBuild()).builds : await ffmpegBuilds()

describe.each(builds)('$name', (build) => {
  let reception: MediaReception
  let checkReception: typeof CheckReception
  beforeAll(async () => {
    ;[{ reception }, { checkReception }] = await withBuild(build, () =>
      Promise.all([
        import('../../functions/reception/reception.ts'),
        import('../../functions/reception/checks.ts'),
      ]),
    )
  })

  const start = (input: TakeInput, format?: PieceFormat) => startTestTake(reception, root, input, format)
  async function receive(bytes: Buffer, format?: PieceFormat): Promise<Received> {
    const { take, ended } = await start({ door: 'http' }, format)
    take.stdin?.end(bytes)
    return ended()
  }

  it.each([
    'aac.flv',
    'aac.ts',
    'mp3.mkv',
    'ac3.mkv',
    'eac3.mkv',
    'opus.mkv',
    'fragmented.mp4',
    'mpeg2.ts',
  ] as const)(
    'cuts %s into MPEG-TS, and the pieces one after the other are the pictures that were sent',
    async (name) => {
      const bytes = await readFile(pathOf(name))
      const examined = await reception.examine(bytes, true)
      expect(examined).toMatchObject({ kind: 'media', format: 'mpegts' })
      const received = await receive(bytes)
      expect(received).toMatchObject({ code: 0, signal: null })
      expect(received.listed.map(({ fileName }) => fileName)).toEqual(received.files)
      expect(received.files).toHaveLength(4)
      expect(await pictureHashes(await concatenated(received))).toEqual(await pictureHashes(pathOf(name)))
    },
  )

  it.each(['vp9.webm', 'flac.mkv'] as const)(
    'cuts %s into fragmented MP4 whose pieces keep their place on the timeline',
    async (name) => {
      const bytes = await readFile(pathOf(name))
      expect(await reception.examine(bytes, true)).toMatchObject({ kind: 'media', format: 'fmp4' })
      const received = await receive(bytes, 'fmp4')
      const pictures: string[] = []
      for (const [index, path] of pathsOf(received).entries()) {
        pictures.push(...(await pictureHashes(path)))
        const { startSeconds = NaN } = (await reception.measure(path)) ?? {}
        expect(Math.abs(startSeconds - (received.listed[index]?.startSeconds ?? NaN))).toBeLessThan(0.2)
      }
      expect(pictures).toEqual(await pictureHashes(pathOf(name)))
    },
  )

  it.each(['mpegts', 'fmp4'] as const)(
    'leaves a readable open piece of %s when it is killed, whose times measure finds',
    async (format) => {
      const { take, ended, folder, listed } = await start({ door: 'http' }, format)
      const bytes = await readFile(pathOf(format === 'mpegts' ? 'aac.ts' : 'vp9.webm'))
      take.stdin?.write(bytes.subarray(0, Math.floor(bytes.length * 0.7)))
      await waitFor(
        async () => {
          const open = (await readdir(folder)).toSorted().at(-1)
          if (listed.length < 2 || open === undefined) return false
          return (await stat(join(folder, open))).size > 2_000
        },
        { timeoutMs: 10_000, what: 'an open piece with something in it' },
      )
      take.kill()
      const received = await ended()
      expect(received).toMatchObject({ code: null, signal: 'SIGKILL', wasLost: false })
      expect(received.files.length).toBe(received.listed.length + 1)
      const times = await reception.measure(join(folder, received.files.at(-1) ?? ''))
      const lastEnd = received.listed.at(-1)?.endSeconds ?? NaN
      expect(Math.abs((times?.startSeconds ?? NaN) - lastEnd)).toBeLessThan(0.2)
      expect(times?.seconds).toBeGreaterThan(0)
    },
  )

  // So a complete body with another code is one that is not all stored, and nobody is refused for an encoder that died.
  it.each(['aac.ts', 'aac.flv', 'mp3.mkv', 'fragmented.mp4'] as const)(
    'ends with 0 when %s is cut off anywhere',
    async (name) => {
      const bytes = await readFile(pathOf(name))
      for (const part of [0.31, 0.62, 0.93]) {
        const received = await receive(bytes.subarray(0, Math.floor(bytes.length * part)))
        expect(received).toMatchObject({ code: 0, isDiskFull: false })
      }
    },
  )

  it.runIf(canMount())('says that the disk is full, where it lists a torn piece all the same', async () => {
    const disk = mountSmallDisk(1)
    try {
      const { take, ended } = await startTestTake(reception, disk.path, { door: 'http' })
      // The last piece meets a disk that has no room for it.
      const bytes = await readFile(
        await makeMedia(
          join(root, 'large.ts'),
          `${H264} -c:a aac -b:v 4M -minrate 4M -maxrate 4M -bufsize 1M -x264-params nal-hrd=cbr`,
        ),
      )
      take.stdin?.end(bytes)
      const received = await ended()
      expect(received).toMatchObject({ isDiskFull: true, wasLost: false })
      expect(received.code).not.toBe(0)
    } finally {
      disk.remove()
    }
  })

  it('says which stream key an RTMP sender gives, once, and shows it nowhere else', async () => {
    const port = await freePort()
    const { take, keys, ended } = await start({ door: 'rtmp', port, nonce: '0123456789abcdef' })
    await listening(take, port)
    rtmpByFfmpeg(build.ffmpegPath, { path: pathOf('aac.flv') }, { name: 'cam1', key: 'S+C=R-T', port })
    const received = await ended()
    expect(keys).toEqual(['cam1?key=S+C=R-T'])
    expect(received.lastLines.join('\n')).not.toMatch(/S\+C|0123456789abcdef/)
    expect(received.listed.length).toBeGreaterThanOrEqual(4)
    expect(await pictureHashes(await concatenated(received))).toEqual(await pictureHashes(pathOf('aac.flv')))
  })

  it('receives nothing from a sender whose key it did not print, even when it knows the nonce', async () => {
    const port = await freePort()
    const { take, keys, ended } = await start({ door: 'rtmp', port, nonce: '0123456789abcdef' })
    await listening(take, port)
    const url = `rtmp://127.0.0.1:${port}/live/0123456789abcdef`
    // In real time: a faster sender is through, and FFmpeg with it, before the first piece is heard of.
    startSender(build.ffmpegPath, [
      ...filmArgs({ path: pathOf('aac.flv'), isRealTime: true }),
      '-f',
      'flv',
      url,
    ])
    const received = await ended()
    expect([keys, received.listed, received.signal]).toEqual([[], [], 'SIGKILL'])
    expect(received.lastLines.join('\n')).toContain('did not say which stream key')
  })

  it('passes the self-test of the doctor', async () => {
    const checks = await checkReception({})
    expect(checks.map(({ check, status }) => [check, status])).toEqual([
      ['streams over SRT', 'ok'],
      ['streams over RTMP', 'ok'],
    ])
  })

  it('ends at once when a codec does not fit in MPEG-TS, and says which format it needs', async () => {
    const old = await receive(await readFile(pathOf('flv1.flv')))
    expect(old).toMatchObject({ signal: 'SIGKILL', listed: [] })
    expect(old.lastLines.at(-1)).toBe('reception failed: the codec flv1 cannot be cut into MPEG-TS')
    expect(old.otherFormat).toBeUndefined()
    for (const path of pathsOf(old)) expect(await reception.measure(path)).toBeUndefined()
    const vp9 = await receive(await readFile(pathOf('vp9.webm')))
    expect(vp9).toMatchObject({ signal: 'SIGKILL', listed: [], otherFormat: 'fmp4' })
  })

  it('reads no file that a playlist names, and nothing out of noise', async () => {
    for (const text of [
      `#EXTM3U\n#EXT-X-TARGETDURATION:8\n#EXTINF:8,\nfile://${pathOf('aac.ts')}\n#EXT-X-ENDLIST\n`,
      `ffconcat version 1.0\nfile '${pathOf('aac.ts')}'\n`,
    ]) {
      expect(await reception.examine(Buffer.from(text), true)).toMatchObject({ kind: 'refused' })
      expect(await receive(Buffer.from(text))).toMatchObject({ listed: [], files: [] })
    }
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919 * (at % 251)) % 256))
    expect(await reception.examine(noise, true)).toMatchObject({
      kind: 'refused',
      why: expect.stringMatching(
        /^there is no video or sound .* in the first 300000 bytes: send MPEG-TS/,
      ) as string,
    })
  })

  it('shows a clock of FLV that jumps forward as a hole in the list, never as a piece of an hour', async () => {
    const { listed } = await receive(await jumping(0, 3_600))
    const holes = listed.flatMap(({ startSeconds }, at) => {
      const before = listed[at - 1]?.endSeconds ?? 0
      return startSeconds - before > 0.5 ? [[before, startSeconds]] : []
    })
    expect(holes).toEqual([[8.08, 3_600]])
    for (const { startSeconds, endSeconds } of listed) expect(endSeconds - startSeconds).toBeLessThan(3)
  })
  it('cuts no more when a clock of FLV jumps backward, so that somebody has to end the take', async () => {
    const received = await receive(await jumping(3_600, 0))
    expect(received.listed.at(-1)?.endSeconds).toBe(8.08)
    const sizes = await Promise.all(pathsOf(received).map(async (path) => (await stat(path)).size))
    // The last piece holds all that came after the jump.
    expect(sizes.at(-1)).toBeGreaterThan(sizes.slice(0, -1).reduce((sum, size) => sum + size))
  })
  it('smoothes a clock of MPEG-TS that jumps', async () => {
    const early = await readFile(pathOf('aac.ts'))
    const late = await readFile(
      await makeMedia(join(root, 'at-3600.ts'), `${H264} -c:a aac -output_ts_offset 3600`),
    )
    for (const bytes of [Buffer.concat([early, late]), Buffer.concat([late, early])]) {
      const { listed } = await receive(bytes)
      expect(listed.at(-1)?.endSeconds).toBeGreaterThan(15.5)
      expect(listed.at(-1)?.endSeconds).toBeLessThan(17)
      expect(listed.length).toBeGreaterThanOrEqual(7)
    }
  })

  /** A sender whose clock begins at one time and jumps to another one. */
  async function jumping(fromSeconds: number, toSeconds: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (const seconds of [fromSeconds, toSeconds]) {
      const path = await makeMedia(
        join(root, `at-${seconds}.flv`),
        `${H264} -c:a aac -output_ts_offset ${seconds}`,
      )
      const bytes = await readFile(path)
      // The header of FLV is 9 bytes long, and a length follows.
      parts.push(parts.length === 0 ? bytes : bytes.subarray(13))
    }
    return Buffer.concat(parts)
  }
})
