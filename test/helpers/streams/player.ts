/**
 * hls.js in a real Chromium. The page tells the test's own server what it shows, so that nobody has to speak the browser's
 * debugging protocol; the server passes requests for the playlist and its pieces on to where they are.
 * @module
 */
import { waitFor } from '../wait.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface PlayerError {
  readonly type: string
  readonly details: string
  /** hls.js gave up, or would have. */
  readonly isFatal: boolean
  /** Of the answer that was wrong. */
  readonly status: number | null
}

export interface PlayerState {
  readonly seconds: number
  readonly isEnded: boolean
  /** The playlist has no end yet. */
  readonly isLive?: boolean
  /** Of the picture; 0 before the first one. */
  readonly width: number
  /** Pictures that were on the screen. */
  readonly shown: number
  readonly dropped: number
  /** How often a playlist came. */
  readonly levels: number
  readonly errors: readonly PlayerError[]
  /** What was played, in order. */
  readonly fragments: readonly {
    readonly number: number
    readonly discontinuity: number
    readonly url: string
  }[]
}

export interface Player {
  /** What the page told last; undefined until it does. */
  state(): PlayerState | undefined
  /** What Chromium printed, to explain a page that tells nothing. */
  said(): string
  stop(): Promise<void>
}

/** The bytes at a path such as `/processed/streams/cam1/…/live.m3u8`; undefined when there are none. */
export type ReadFile = (path: string) => Promise<Uint8Array | undefined>

const TYPES: Readonly<Record<string, string>> = {
  m3u8: 'application/vnd.apple.mpegurl',
  ts: 'video/mp2t',
  mp4: 'video/mp4',
}

/**
 * @param program - Chromium
 * @param playlist - a path that `read` knows
 */
export async function startPlayer(program: string, playlist: string, read: ReadFile): Promise<Player> {
  let state: PlayerState | undefined
  const files = new Map([
    ['/', { type: 'text/html', path: join(import.meta.dirname, 'player.html') }],
    [
      '/hls.js',
      { type: 'text/javascript', path: createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js') },
    ],
  ])
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://player').pathname)
    if (request.method === 'POST') {
      state = JSON.parse(Buffer.concat(await request.toArray()).toString()) as PlayerState
      response.writeHead(204).end()
      return
    }
    const own = files.get(path)
    const bytes = own ? await readFile(own.path) : await read(path)
    if (!bytes) {
      response.writeHead(404).end()
      return
    }
    const type = own?.type ?? TYPES[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    const headers = { 'content-type': type, 'cache-control': 'no-store' }
    // As for the header of fragmented MP4, which is the first part of a piece.
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    if (first === undefined) return void response.writeHead(200, headers).end(bytes)
    const range = `bytes ${first}-${last}/${bytes.byteLength}`
    response
      .writeHead(206, { ...headers, 'content-range': range })
      .end(bytes.slice(Number(first), Number(last) + 1))
  }
  const server = createServer((request, response) => {
    // The store may be away: the player asks again.
    answer(request, response).catch(() => response.headersSent || response.writeHead(503).end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const folder = await mkdtemp(join(tmpdir(), 'sluice-player-'))
  const browser = openPage(
    program,
    folder,
    `http://127.0.0.1:${port}/?playlist=${encodeURIComponent(playlist)}`,
  )
  return {
    state: () => state,
    said: browser.said,
    async stop() {
      await browser.close()
      server.closeAllConnections()
      server.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

export function openPage(program: string, folder: string, url: string) {
  // A page that is not on a screen would be slowed down.
  const words =
    '--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --mute-audio --no-first-run ' +
    '--autoplay-policy=no-user-gesture-required --disable-background-networking ' +
    '--disable-background-timer-throttling --disable-renderer-backgrounding'
  const args = [...words.split(' '), `--user-data-dir=${folder}`, url]
  // A group of its own: it starts many processes, and its launcher may be a shell script.
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, HOME: folder, DBUS_SESSION_BUS_ADDRESS: 'disabled:' },
  })
  const ended = once(child, 'close')
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-8_000)
    })
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // All of it has ended.
    }
  }
  process.once('exit', end)
  return {
    said: () => said,
    async close() {
      process.off('exit', end)
      end()
      await ended
    },
  }
}

/** The state of a player that has shown the whole playlist; what it said is part of the error. */
export async function playedToTheEnd(player: Player): Promise<PlayerState> {
  return waitFor(
    async () => {
      const state = player.state()
      return state?.isEnded && state
    },
    { timeoutMs: 60_000, what: 'the player to reach the end' },
  ).catch((error: Error) => {
    throw new Error(`${error.message}; ${JSON.stringify(player.state())}; ${player.said()}`, { cause: error })
  })
}
