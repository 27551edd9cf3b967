/** Streams that the receiver pulls: what is listed, and nothing else. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { findBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { GUARDED_ENVIRONMENT } from '../../functions/ffmpeg/sandbox/sandbox.ts'
import { parseSessionRecord } from '../../runtime/reception/session/session-record.ts'
import { freePort } from '../../infra/local/settings/ports.ts'
import { makeMedia, pictureHashes } from '../helpers/clips.ts'
import { arrivedPictures, arrivedPieces, sessionsOf } from '../helpers/streams/arrived.ts'
import { allOf, comparePictures } from '../helpers/streams/pictures.ts'
import { useReceiver } from '../helpers/streams/receiver.ts'
import { waitFor } from '../helpers/wait.ts'

const run = promisify(execFile)
// Only by its number: its name is another host.
const used = useReceiver({ SLUICE_STREAMS_RECONNECT: '2s', SLUICE_STREAMS_PULL_HOSTS: '127.0.0.1' })
const { ffmpegPath } = await findBinaries(process.env)
let folder = ''
let server: Server
let port = 0
const requests: string[] = []
const gone = new Set<string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-pull-'))
  const words = `-v error -i ${used.film.path} -map 0 -c copy -f hls -hls_time 2 -hls_list_size 0 -hls_segment_filename ${folder}/%d.ts ${folder}/whole.m3u8`
  await run(ffmpegPath, words.split(' '), { env: GUARDED_ENVIRONMENT })
  // A source ends when its playlist was read once: it would be pulled again and again.
  server = createServer((request, response) => {
    const path = request.url ?? ''
    requests.push(`${request.headers.host?.replace(/:\d+$/, '')}${path}`)
    if (path === '/dash.mpd')
      return void response.writeHead(200, { 'content-type': 'application/dash+xml' }).end('<MPD></MPD>')
    if (path === '/elsewhere') return void response.writeHead(302, { location: 'file:///etc/passwd' }).end()
    if (gone.has(path)) return void response.writeHead(404).end()
    if (path.endsWith('.m3u8')) gone.add(path)
    readFile(join(folder, path)).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
beforeEach(() => {
  requests.length = 0
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await rm(folder, { recursive: true, force: true })
})

const want = (name: string, url?: string) =>
  used.records.change(name, ({ keys }) => ({ keys, ...(url && { wanted: { url, sinceMs: Date.now() } }) }))

async function pulled(name: string, url: string) {
  await want(name, url)
  await used.ended(name)
  await want(name)
  const [session] = await sessionsOf(used.stack.storage, name)
  const found = await used.stack.storage.readText('processed', `streams/${name}/${session}/session.json`)
  return parseSessionRecord(found?.text ?? '')
}

it('pulls HLS through the proxy, every picture of it', async () => {
  await pulled('hls', `http://127.0.0.1:${port}/whole.m3u8`)
  const compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, 'hls'))
  expect(compared).toEqual(allOf(used.film.pictures.length))
})

it('pulls VP9 as fragmented MP4 once FFmpeg has said that MPEG-TS has no place for it', async () => {
  const path = await makeMedia(
    join(folder, 'vp9.webm'),
    '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25 -c:a libopus',
  )
  await want('vp9', `http://127.0.0.1:${port}/vp9.webm`)
  await waitFor(
    async () => (await used.store.read('vp9'))?.takes.some(({ take, end }) => take === 1 && end),
    {
      timeoutMs: 60_000,
      what: 'the end of the first connection',
    },
  )
  await want('vp9')
  await used.ended('vp9')
  expect(await used.stack.runtime.tail()).not.toMatch(/stream=vp9 .*could not be pulled/)
  // Three pieces are sent at a time, so any of them may be there first; and while the source is wanted it is pulled again.
  const pieces = (await arrivedPieces(used.stack.storage, 'vp9')).filter(({ take }) => take === 1)
  expect(pieces.every(({ key }) => key.endsWith('.mp4'))).toBe(true)
  const arrived: string[] = []
  for (const { key, number } of pieces) {
    const piece = join(folder, `${number}.mp4`)
    await writeFile(piece, (await used.stack.storage.get('incoming', key)).body)
    arrived.push(...(await pictureHashes(piece)))
  }
  expect(arrived).toEqual(await pictureHashes(path))
})

it('refuses the host that a playlist names and the settings do not, and counts the hole', async () => {
  const text = await readFile(join(folder, 'whole.m3u8'), 'utf8')
  await writeFile(join(folder, 'bent.m3u8'), text.replace(/^2\.ts$/m, `http://localhost:${port}/2.ts`))
  const record = await pulled('bent', `http://127.0.0.1:${port}/bent.m3u8`)
  expect(requests).toContain('127.0.0.1/3.ts')
  expect(requests).not.toContain('localhost/2.ts')
  const compared = comparePictures(used.film.pictures, await arrivedPictures(used.stack.storage, 'bent'))
  // The last picture before the hole is incomplete for some builds: its end is where the refused part would start.
  const from = expect.toSatisfy((picture: number) => picture === 99 || picture === 100)
  expect(compared.lost).toEqual([{ from, to: 149 }])
  expect(record?.gaps).toHaveLength(1)
  expect(record?.takes[0]?.lastLines.join('\n')).toMatch(/localhost:\d+ is not in SLUICE_STREAMS_PULL_HOSTS/)
})

it.each([
  { name: 'dash', path: '/dash.mpd', why: /\/dash\.mpd is a manifest of DASH/ },
  { name: 'elsewhere', path: '/elsewhere', why: /redirects to an address that is not of http/ },
  { name: 'missing', path: '/nothing.ts?token=geheim', why: /\/nothing\.ts answered with status 404/ },
])('says why $path cannot be pulled, and how often it was tried', async ({ name, path, why }) => {
  await want(name, `http://127.0.0.1:${port}${path}`)
  const failure = await waitFor(async () => (await used.store.pullFailures()).get(name), {
    timeoutMs: 60_000,
    what: 'a failure',
  })
  await want(name)
  expect(failure).toMatchObject({
    why: expect.stringMatching(why) as string,
    failures: expect.any(Number) as number,
  })
  expect(JSON.stringify(failure)).not.toContain('geheim')
  await waitFor(async () => !(await used.store.pullFailures()).has(name), {
    timeoutMs: 10_000,
    what: 'its end',
  })
})

it.each(['rtsp', 'rtmp'])('says that nothing listens where %s is pulled from', async (scheme) => {
  const free = await freePort()
  await want(scheme, `${scheme}://viewer:geheim@127.0.0.1:${free}/live/geheim`)
  const failure = await waitFor(async () => (await used.store.pullFailures()).get(scheme), {
    timeoutMs: 60_000,
    what: 'a failure',
  })
  await want(scheme)
  expect(failure.why).toBe('nothing listens there: the connection was refused')
})

it('connects to no host that is not listed, and says why in the log', async () => {
  await want('strange', `http://localhost:${port}/whole.m3u8`)
  await waitFor(
    async () =>
      /stream=strange .*localhost:\d+ is not in SLUICE_STREAMS_PULL_HOSTS/.test(
        await used.stack.runtime.tail(),
      ),
    {
      timeoutMs: 60_000,
      what: 'the refusal in the log',
    },
  )
  await want('strange')
  // The pull of the test before may ask once more.
  expect(requests.filter((each) => each.startsWith('localhost'))).toEqual([])
  expect(await used.keysOf('strange')).toEqual([])
})
