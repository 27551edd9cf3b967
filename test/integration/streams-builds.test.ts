/** The receiver with each FFmpeg that can be had, through every door: each picture that was sent arrives once and in order. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { freePort } from '../../infra/local/settings/ports.ts'
import { everyFfmpegBuild, ffmpegBuilds, type FfmpegBuild } from '../helpers/ffmpeg-builds.ts'
import { arrivedPictures } from '../helpers/streams/arrived.ts'
import { allOf, comparePictures, countOf } from '../helpers/streams/pictures.ts'
import { useReceiver } from '../helpers/streams/receiver.ts'
import { filmAsMp4 } from '../helpers/streams/reference.ts'
import { endSenders, putByFfmpeg, rtmpByFfmpeg, sentAll, srtByFfmpeg } from '../helpers/streams/senders.ts'
import { isThorough } from '../helpers/thorough.ts'

const run = promisify(execFile)
const builds = isThorough ? (await everyFfmpegBuild()).builds : await ffmpegBuilds()
const PASSPHRASE = 'a long passphrase'

async function hasSrt({ ffmpegPath }: Pick<FfmpegBuild, 'ffmpegPath'>): Promise<boolean> {
  const { stdout } = await run(ffmpegPath, ['-hide_banner', '-protocols'], {
    env: { GCONV_PATH: '/nonexistent' },
  })
  return /^\s*srt$/m.test(stdout)
}
const withSrt = await Promise.all(builds.map(async (build) => ({ ...build, hasSrt: await hasSrt(build) })))
/** Any build can send; one of these sends SRT too. */
const sender = (withSrt.find((build) => build.hasSrt) ?? withSrt[0])?.ffmpegPath ?? 'ffmpeg'
const receivers = await Promise.all(withSrt.map(async (build) => ({ ...build, port: await freePort() })))

describe.each(receivers)('a receiver with $name', (build) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-builds-'))
  const passphraseFile = join(folder, 'passphrase')
  writeFileSync(passphraseFile, PASSPHRASE)
  mkdirSync(join(folder, 'hls'))
  const used = useReceiver({
    FFMPEG_PATH: build.ffmpegPath,
    FFPROBE_PATH: build.ffprobePath,
    SLUICE_STREAMS_RECONNECT: '2s',
    SLUICE_STREAMS_PULL_HOSTS: '127.0.0.1',
    ...(build.hasSrt && { SLUICE_SRT: JSON.stringify([{ name: 'srt', port: build.port, passphraseFile }]) }),
  })
  afterAll(() => {
    endSenders()
    rmSync(folder, { recursive: true, force: true })
  })
  const target = (name: string, port: number) => ({ name, key: used.secret, port })
  async function compared(name: string) {
    await used.ended(name)
    return comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, name))
  }

  it.each(['mpegts', 'flv', 'matroska'])(
    'has every picture of a film that came by PUT as %s',
    async (format) => {
      const path = format === 'matroska' ? await filmAsMp4(used.film) : used.film.path
      await sentAll(putByFfmpeg(sender, { path }, target(`put-${format}`, used.httpPort), format))
      expect(await compared(`put-${format}`)).toEqual(allOf(used.film.pictures.length))
      const session = (await used.store.read(`put-${format}`))?.session
      const record = await used.stack.storage.readText(
        'processed',
        `streams/put-${format}/${session}/session.json`,
      )
      expect(record?.text).toContain(`"ffmpeg":"${build.version} `)
    },
  )

  it('has every picture of a film that came by RTMP', async () => {
    await sentAll(rtmpByFfmpeg(sender, used.film, target('rtmp', used.rtmpPort)))
    expect(await compared('rtmp')).toEqual(allOf(used.film.pictures.length))
  })

  it.skipIf(!build.hasSrt)(
    'has every picture of a film that came by SRT, but for what its end loses',
    async () => {
      const film = { ...used.film, isRealTime: true }
      await sentAll(srtByFfmpeg(sender, film, { name: 'srt', key: PASSPHRASE, port: build.port }))
      const found = await compared('srt')
      expect(found).toMatchObject({ span: { from: 0 }, unknown: 0, doubled: [], backwards: 0 })
      expect(countOf(found.lost)).toBeLessThanOrEqual(10)
    },
  )

  it('has every picture of a film that it pulled as HLS', async () => {
    const hls = join(folder, 'hls')
    await mkdir(hls, { recursive: true })
    const words = `-v error -i ${used.film.path} -map 0 -c copy -f hls -hls_time 2 -hls_list_size 0 -hls_segment_filename ${hls}/%d.ts ${hls}/film.m3u8`
    await run(sender, words.split(' '), { env: { GCONV_PATH: '/nonexistent' } })
    let lists = 0
    const server = createServer((request, response) => {
      // A playlist with an end is read once for each pull: the next one finds none.
      const isGone = request.url === '/film.m3u8' && lists++ > 0
      readFile(join(hls, isGone ? 'none' : (request.url ?? ''))).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      const url = `http://127.0.0.1:${port}/film.m3u8`
      await used.records.change('hls', ({ keys }) => ({ keys, wanted: { url, sinceMs: Date.now() } }))
      expect(await compared('hls')).toEqual(allOf(used.film.pictures.length))
      await used.records.change('hls', ({ keys }) => ({ keys }))
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})
