/** Streams that are pulled from servers of other people, over each protocol: each picture that was sent arrives once and in order. */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, it } from 'vitest'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { abilities } from '../../functions/reception/abilities.ts'
import { freePort } from '../../infra/local/settings/ports.ts'
import { arrivedPictures } from '../helpers/streams/arrived.ts'
import { allOf, comparePictures, countOf } from '../helpers/streams/pictures.ts'
import { caddy, rtspServer } from '../helpers/streams/programs.ts'
import { makeReference } from '../helpers/streams/reference.ts'
import { useReceiver } from '../helpers/streams/receiver.ts'
import { endSenders } from '../helpers/streams/senders.ts'
import { waitFor } from '../helpers/wait.ts'
import { httpsSource, rtmpSource, rtspSource, srtSource, type Source } from '../helpers/streams/sources.ts'

const { hasSrt, hasTls } = await abilities()
const { ffmpegPath } = await findBinaries(process.env)
const [pythonPath, caddyPath] = [await rtspServer(), await caddy()]
const used = useReceiver({
  SLUICE_STREAMS_RECONNECT: '1s',
  SLUICE_STREAMS_PULL_HOSTS: '127.0.0.0/8',
  SLUICE_STREAMS_SPOOL_LIMIT: '16MiB',
})
/** A stream may use a quarter of the spool. */
const PART_BYTES = 4 * 1024 ** 2
afterEach(endSenders)

/** Its sources end with their first viewer, so a pull is received once. */
async function pulled(name: string, { url }: Pick<Source, 'url'>, seconds?: number) {
  await used.records.change(name, ({ keys }) => ({
    keys,
    wanted: { url, sinceMs: Date.now(), ...(seconds !== undefined && { seconds }) },
  }))
  await used.ended(name)
  await used.records.change(name, ({ keys }) => ({ keys }))
  const state = await used.store.read(name)
  expect(state?.summary).toMatchObject({ why: 'source-ended', door: 'pull', gaps: 0 })
  expect(JSON.stringify(state)).not.toContain('secret')
  return comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, name))
}

it.skipIf(pythonPath === undefined)('pulls RTSP from GStreamer, every picture of it', async () => {
  const source = await rtspSource(pythonPath ?? '', used.film.path, await freePort())
  expect(await pulled('rtsp', source)).toEqual(allOf(used.film.pictures.length))
})

it('pulls RTMP from FFmpeg, every picture of it, in pieces of the length that was asked for', async () => {
  const source = rtmpSource(ffmpegPath, used.film.path, await freePort())
  expect(await pulled('rtmp', source, 6)).toEqual(allOf(used.film.pictures.length))
  const pieces = (await used.keysOf('rtmp')).filter((key) => key.endsWith('.ts'))
  expect(pieces).toHaveLength(used.film.seconds / 6)
})

it.skipIf(!hasSrt)('pulls SRT from FFmpeg, but for what its end loses', async () => {
  const source = srtSource(ffmpegPath, used.film.path, await freePort())
  const compared = await pulled('srt', source)
  expect(compared).toMatchObject({ span: { from: 0 }, unknown: 0, doubled: [], backwards: 0 })
  expect(countOf(compared.lost)).toBeLessThanOrEqual(10)
})

it.skipIf(caddyPath === undefined || !hasTls)(
  'pulls HLS over https from Caddy, every picture of it',
  async () => {
    const folder = join(used.stack.dir, 'https')
    await mkdir(folder)
    const words = `-v error -i ${used.film.path} -map 0 -c copy -f hls -hls_time 2 -hls_list_size 0 -hls_segment_filename ${folder}/%d.ts ${folder}/film.m3u8`
    await promisify(execFile)(ffmpegPath, words.split(' '), { env: { GCONV_PATH: '/nonexistent' } })
    const { url } = await httpsSource(caddyPath ?? '', folder, await freePort())
    const receiving = pulled('https', { url: `${url}/film.m3u8` })
    // A playlist with an end is read once for each pull: the next one finds none.
    await used.isLive('https')
    await rm(join(folder, 'film.m3u8'))
    expect(await receiving).toEqual(allOf(used.film.pictures.length))
  },
)

it('does not read from its source while the spool is full, if that was asked for, and loses nothing', async () => {
  const film = await makeReference(used.stack.dir, 40, { size: '640x360', kbitPerSecond: 8_000 })
  let isOpen = false
  const release = new AbortController()
  const server = createServer((_request, response) => {
    if (isOpen) return void response.writeHead(404).end()
    isOpen = true
    release.signal.addEventListener('abort', () => createReadStream(film.path).pipe(response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = server.address() as AddressInfo
    const wanted = { url: `http://127.0.0.1:${port}/film.ts`, sinceMs: Date.now(), onFull: 'brake' as const }
    await used.records.change('brake', ({ keys }) => ({ keys, wanted }))
    await waitFor(async () => isOpen, { timeoutMs: 30_000, what: 'the pull' })
    await used.stack.minio.stop()
    release.abort()
    const metric = async (name: string) => {
      const text = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
      return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? NaN)
    }
    await waitFor(async () => (await metric('sluice_stream_spool_bytes')) >= PART_BYTES, {
      timeoutMs: 60_000,
      what: 'a full spool',
    })
    await used.stack.minio.start()
    await used.ended('brake')
    await used.records.change('brake', ({ keys }) => ({ keys }))
    expect((await used.store.read('brake'))?.summary).toMatchObject({ droppedSeconds: 0, gaps: 0 })
    const arrived = await arrivedPictures(used.stack.storage, 'brake')
    expect(comparePictures(film.pictures, arrived)).toEqual(allOf(film.pictures.length))
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
