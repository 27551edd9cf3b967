/** Pulls on every FFmpeg that is here: all that they read comes through the proxy, and nothing from this machine's files. */
import { createReadStream } from 'node:fs'
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { MediaReception } from '../../runtime/index.ts'
import { makeMedia, pictureHashes } from '../helpers/clips.ts'
import { everyFfmpegBuild, ffmpegBuilds, withBuild } from '../helpers/ffmpeg-builds.ts'
import { concatenated, startTestTake } from '../helpers/streams/takes.ts'
import { isThorough } from '../helpers/thorough.ts'

const H264 =
  '-c:v libx264 -preset ultrafast -bf 2 -g 25 -keyint_min 25 -sc_threshold 0 -pix_fmt yuv420p -c:a aac'
/** No name server knows it. */
const HOST = 'tv.sluice.test'
const root = await mkdtemp(join(tmpdir(), 'sluice-pulls-'))
const seen: string[] = []
let proxy: Server
let proxyPort: number

beforeAll(async () => {
  // Only FFmpeg's own rules may keep it from a file here, not the rights of its user.
  await chmod(root, 0o755)
  await makeMedia(join(root, 'film.ts'), H264)
  await chmod(join(root, 'film.ts'), 0o644)
  await makeMedia(join(root, 'late-index.mp4'), H264)
  await makeMedia(join(root, 'vp9.webm'), '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25 -c:a libopus')
  const list = (...uris: readonly string[]) =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:8\n${uris.map((uri) => `#EXTINF:8,\n${uri}\n`).join('')}#EXT-X-ENDLIST\n`
  await writeFile(join(root, 'live.m3u8'), list('film.ts'))
  await writeFile(join(root, 'foreign.m3u8'), list('film.ts', 'http://169.254.169.254/latest/meta-data.ts'))
  await writeFile(join(root, 'local.m3u8'), list(`file://${join(root, 'film.ts')}`))
  proxy = createServer((request, response) => {
    const { method, url = '', headers } = request
    seen.push(`${method} ${url}`)
    const { hostname, pathname } = new URL(url)
    const path = join(root, pathname)
    const answer = async () => {
      const found = hostname === HOST ? await stat(path).catch(() => undefined) : undefined
      if (!found) return void response.writeHead(403).end()
      const start = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0)
      const range = `bytes ${start}-${found.size - 1}/${found.size}`
      response.writeHead(headers.range ? 206 : 200, {
        'content-length': found.size - start,
        'accept-ranges': 'bytes',
        ...(headers.range && { 'content-range': range }),
      })
      createReadStream(path, { start }).pipe(response)
    }
    void answer()
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  proxyPort = (proxy.address() as AddressInfo).port
}, 120_000)
beforeEach(() => void seen.splice(0))
afterAll(async () => {
  proxy.closeAllConnections()
  proxy.close()
  await rm(root, { recursive: true })
})

/** In CI every build that can be had. */
const builds = isThorough ? (await everyFfmpegBuild()).builds : await ffmpegBuilds()

describe.each(builds)('$name', (build) => {
  let reception: MediaReception
  beforeAll(async () => {
    ;({ reception } = await withBuild(build, () => import('../../functions/reception/reception.ts')))
  })
  async function pull(name: string) {
    const input = { door: 'pull', url: `http://${HOST}/${name}?token=SECRET`, proxyPort } as const
    return (await startTestTake(reception, root, input)).ended()
  }

  it.each([
    ['film.ts', 'film.ts'],
    ['late-index.mp4', 'late-index.mp4'],
    ['live.m3u8', 'film.ts'],
  ])('pulls %s through the proxy, which resolves names itself', async (name, film) => {
    const received = await pull(name)
    expect(received.code).toBe(0)
    expect(await pictureHashes(await concatenated(received))).toEqual(await pictureHashes(join(root, film)))
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.every((line) => line.startsWith(`GET http://${HOST}`))).toBe(true)
  })

  it('asks the proxy for the segment on another host too, so that it can be refused', async () => {
    const received = await pull('foreign.m3u8')
    expect(seen.some((line) => line.includes('//169.254.169.254'))).toBe(true)
    expect(received.listed.at(-1)?.endSeconds).toBeLessThan(8.2)
  })

  it('reads no local file that a playlist names', async () => {
    const received = await pull('local.m3u8')
    expect([received.listed, received.files]).toEqual([[], []])
    expect(received.lastLines.join('\n')).not.toContain('SECRET')
  })

  it('says which format a source needs whose codecs do not fit in MPEG-TS', async () => {
    expect(await pull('vp9.webm')).toMatchObject({ listed: [], otherFormat: 'fmp4' })
  })
})
