/** The runtime's HTTP interface as a tiny server that answers what a test tells it, and the command line against it. @module */
import { EventEmitter } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach } from 'vitest'
import type { Environment } from '../../../../runtime/settings/files.ts'
import { runProgram } from '../../../../runtime/cli/program.ts'

export interface Asked {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** A body, or the whole answer; `lost` breaks the connection. */
export type Answer = { readonly status?: number; readonly type?: string; readonly body: unknown } | 'lost'

export interface FakeApi {
  readonly url: string
  readonly asked: readonly Asked[]
  stop(): Promise<void>
}

/** @param answer - to the nth request, from 0 */
export async function startFakeApi(answer: (request: Asked, count: number) => Answer): Promise<FakeApi> {
  const asked: Asked[] = []
  const server = createServer((incoming, response) => {
    void text(incoming).then((sent) => {
      const { method = '', url = '', headers } = incoming
      const request = {
        method,
        path: url,
        headers,
        body: sent === '' ? undefined : (JSON.parse(sent) as unknown),
      }
      const reply = answer(request, asked.push(request) - 1)
      if (reply === 'lost') return incoming.socket.destroy()
      const {
        status = 200,
        type = status < 400 ? 'application/json' : 'application/problem+json',
        body,
      } = reply
      // As the runtime does it for a request that is still under way.
      response.writeHead(status, { 'content-type': type, ...(status === 409 && { 'retry-after': '1' }) })
      return response.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly env?: Environment
  /** The width of the terminal that a person reads; without it a program does. */
  readonly columns?: number
  readonly signals?: EventEmitter
}

/** `sluice <words>`, in this process. */
export async function sluice(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const written = { out: '', err: '' }
  const terminal = (name: 'out' | 'err') => ({
    isTerminal: options.columns !== undefined,
    hasColor: false,
    columns: options.columns ?? 80,
    write: (words: string) => {
      written[name] += words
    },
  })
  const code = await runProgram(words, {
    env: options.env ?? {},
    entryPath: 'main.ts',
    signals: options.signals ?? new EventEmitter(),
    invocation: 'sluice',
    out: terminal('out'),
    err: terminal('err'),
  })
  return { code, ...written }
}

/** For one file: commands against an interface that answers so; the last one is `api`. */
export function useFakeApi() {
  const used: { api: FakeApi | undefined } = { api: undefined }
  const stop = async () => {
    await used.api?.stop()
    used.api = undefined
  }
  afterEach(stop)
  return Object.assign(used, {
    async ask(
      words: readonly string[],
      answer: (request: Asked, count: number) => Answer,
      options: RunOptions = {},
    ): Promise<Ran> {
      await stop()
      const api = await startFakeApi(answer)
      used.api = api
      return sluice(words, { ...options, env: { SLUICE_API_URL: api.url, ...options.env } })
    },
  })
}
