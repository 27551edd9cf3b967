/** A presentation in players that others wrote, in a real Chromium: each level, each sound, three seeks, and from 0 to the end. @module */
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { openPage } from '../streams/player.ts'
import { waitFor } from '../wait.ts'

export interface Played {
  readonly isEnded: boolean
  /** The reason why it did not get to the end. */
  readonly exception?: string
  readonly seconds: number
  readonly duration: number
  readonly fatal: number
  readonly errors: readonly string[]
  /** `640x360`, in the player's order. */
  readonly levels: readonly string[]
  /** Levels that were shown. */
  readonly switches: readonly number[]
  readonly sounds: readonly string[]
  readonly cues: readonly string[]
  readonly seeks: number
  /** From 0 to the end. */
  readonly frames: number
}

const SCRIPTS = {
  hls: 'hls.js/dist/hls.min.js',
  shaka: 'shaka-player/dist/shaka-player.compiled.js',
  dash: 'dashjs/dist/modern/umd/dash.all.min.js',
}
const TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  ts: 'video/mp2t',
  mp4: 'video/mp4',
  m4s: 'video/mp4',
  vtt: 'text/vtt',
  html: 'text/html',
  js: 'text/javascript',
}
const require = createRequire(import.meta.url)

/**
 * @param program - Chromium
 * @param name - the playlist or manifest in `folder`
 */
export async function played(
  program: string,
  folder: string,
  { player, name }: { readonly player: keyof typeof SCRIPTS; readonly name: string },
): Promise<Played> {
  let told: Played | undefined
  const pathOf = (path: string) => {
    if (path === '/') return join(import.meta.dirname, 'page.html')
    if (path === '/player.js') return join(modulesOf(require.resolve('hls.js')), SCRIPTS[player])
    return join(folder, normalize(path.slice('/media'.length)))
  }
  const server = createServer((request, response) => {
    void (async () => {
      const { pathname } = new URL(request.url ?? '/', 'http://page')
      if (request.method === 'POST') {
        told = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Played
        return response.writeHead(204).end()
      }
      const path = pathOf(decodeURIComponent(pathname))
      const bytes = await readFile(path).catch(() => undefined)
      if (!bytes) return response.writeHead(404).end()
      const headers = { 'content-type': TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream' }
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
      if (first === undefined) return response.writeHead(200, headers).end(bytes)
      const range = `bytes ${first}-${last}/${bytes.length}`
      return response
        .writeHead(206, { ...headers, 'content-range': range })
        .end(bytes.subarray(Number(first), Number(last) + 1))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const profile = await mkdtemp(join(tmpdir(), 'sluice-presentation-'))
  const query = `player=${player}&name=${encodeURIComponent(name)}`
  const browser = openPage(program, profile, `http://127.0.0.1:${port}/?${query}`)
  try {
    return await waitFor(async () => told, {
      timeoutMs: 240_000,
      what: `${player} to play ${name}`,
      intervalMs: 50,
    }).catch((error: Error) => {
      throw new Error(`${error.message}; ${browser.said()}`, { cause: error })
    })
  } finally {
    await browser.close()
    server.closeAllConnections()
    server.close()
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The folder of packages that holds this file. */
function modulesOf(path: string): string {
  return path.slice(0, path.lastIndexOf('node_modules') + 'node_modules'.length)
}
