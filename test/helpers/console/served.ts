/** The console on a port of its own, over services that a test answers for, with events that the test sends. @module */
import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { ConsoleParts } from '../../../runtime/console/frame.tsx'
import { createTestConsole } from '../../unit/console/test-console.ts'
import type { Answers } from '../../unit/api/test-api.ts'

export interface ServedConsole {
  readonly url: string
  /** Of pages with an open connection for events. */
  readonly watchers: ReadonlyMap<ServerResponse, string>
  /** How often a page has asked for its middle. */
  looks(): number
  /** Sends an event to every page that waits for one. */
  tell(event?: string): void
  /** Other answers, or other tokens, from now on. */
  change(answers: Answers, parts?: Partial<ConsoleParts>): void
  /** Answers nothing until `resume`, as a server that is gone. */
  pause(): Promise<void>
  resume(): Promise<void>
  stop(): Promise<void>
}

/** A file that a page plays or shows. */
export interface Media {
  readonly bytes: Buffer
  readonly type: string
}

function sendMedia(response: ServerResponse, found: Media | undefined): void {
  if (found) response.writeHead(200, { 'content-type': found.type }).end(found.bytes)
  else response.writeHead(404).end()
}

/** @param media - what `/v1/files` and `/v1/streams` have */
export async function serveConsole(
  answers: Answers,
  parts: Partial<ConsoleParts> = {},
  media?: (path: string) => Promise<Media | undefined>,
): Promise<ServedConsole> {
  let { app } = createTestConsole(answers, parts)
  let looks = 0
  const watchers = new Map<ServerResponse, string>()
  const answer = getRequestListener((request) => app.fetch(request))
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
    if (request.headers['x-part'] === 'main') looks += 1
    if (media && pathname.startsWith('/v1/') && pathname !== '/v1/live')
      return void media(decodeURIComponent(pathname)).then((found) => sendMedia(response, found))
    if (pathname !== '/v1/live') return void answer(request, response)
    response
      .writeHead(200, { 'content-type': 'text/event-stream' })
      .write('retry: 200\n\nevent: ready\ndata: {}\n\n')
    watchers.set(response, searchParams.get('about') ?? '')
    response.on('close', () => watchers.delete(response))
  })
  await listen(server, 0)
  const { port } = server.address() as AddressInfo
  const pause = async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return {
    url: `http://127.0.0.1:${port}`,
    watchers,
    looks: () => looks,
    tell(event = 'change') {
      for (const watcher of watchers.keys())
        watcher.write(`event: ${event}\nid: ${Date.now()}\ndata: {"runs":[]}\n\n`)
    },
    change(next, others = parts) {
      ;({ app } = createTestConsole(next, others))
    },
    pause,
    resume: () => listen(server, port),
    stop: () => (server.listening ? pause() : Promise.resolve()),
  }
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}
