import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import {
  createServer as createHttpServer,
  request as plainRequest,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../infra/local/settings/ports.ts'
import { createServer, type Server } from '../../infra/local/servers/server.ts'
import { keepSecrets } from '../../runtime/setup/secrets/keep.ts'
import { CADDY, judge, systemTool } from '../helpers/checkers.ts'
import { ROOT_DIR } from '../helpers/compose.ts'
import { unwatch, watch } from '../helpers/watched.ts'
import { waitFor } from '../helpers/wait.ts'

const CADDYFILE = join(ROOT_DIR, 'infra/caddy/Caddyfile')
/** The servers behind the edge, by their names in the Caddyfile. */
const BEHIND = [
  'runtime:8080',
  'receiver:8082',
  'grafana:3000',
  'prometheus:9090',
  'alertmanager:9093',
  'redisinsight:5540',
  'minio:9000',
  'minio:9001',
] as const

interface Answer {
  readonly status: number
  readonly location?: string | undefined
  readonly strictTransport?: string | undefined
  readonly challenge?: string | undefined
  /** Further forwarding headers of the request. */
  readonly others?: string | undefined
  /** The server that was reached, the path and the host name. */
  readonly reached?: { readonly name: string; readonly url: string; readonly host: string }
}

describe('the edge', () => {
  let dir: string
  let caddy: string
  let server: Server
  let behind: HttpServer[]
  let port: number
  let plain: number
  let password: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sluice-caddy-'))
    caddy = await systemTool('caddy', CADDY)
    await keepSecrets({ dir: join(dir, 'secrets'), name: 'sluice', rotate: [] })
    password = readFileSync(join(dir, 'secrets/edge-operator'), 'utf8')
    behind = []
    // Only ports and addresses are changed.
    let config = readFileSync(CADDYFILE, 'utf8')
    for (const name of BEHIND) {
      const stub = await listening(name)
      behind.push(stub)
      const own = String((stub.address() as AddressInfo).port)
      config = config.replaceAll(`reverse_proxy ${name}`, `reverse_proxy 127.0.0.1:${own}`)
      if (name === 'runtime:8080')
        config = config.replace('dynamic a runtime 8080', `dynamic a localhost ${own}`)
    }
    port = await freePort()
    plain = await freePort()
    const health = await freePort()
    config = config
      .replace('https_port 8443', `https_port ${port}`)
      .replace('http_port 8080', `http_port ${plain}`)
      .replace('http://127.0.0.1:8081', `http://127.0.0.1:${health}`)
      .replace('(door) {', '(door) {\n\tbind 127.0.0.1')
      .replace('\tredir https://{host}', '\tbind 127.0.0.1\n\tredir https://{host}')
    const path = join(dir, 'Caddyfile')
    writeFileSync(path, config)
    server = createServer({
      name: 'Caddy',
      command: caddy,
      args: ['run', '--config', path, '--adapter', 'caddyfile'],
      env: env(),
      cwd: dir,
      logPath: join(dir, 'caddy.log'),
      isReady: async () =>
        (await fetch(`http://127.0.0.1:${health}/`)).ok && (await ask('localhost', '/')).status > 0,
    })
    await server.start()
    watch(server)
  }, 180_000)
  afterAll(async () => {
    unwatch(server)
    await server.stop()
    for (const stub of behind) stub.close()
    await rm(dir, { recursive: true, force: true })
  })

  const env = () => ({
    HOME: dir,
    XDG_DATA_HOME: dir,
    XDG_CONFIG_HOME: dir,
    PATH: process.env['PATH'] ?? '',
    SLUICE_EDGE_USERS: join(dir, 'secrets/edge-users'),
    SLUICE_PORT_SUFFIX: ':8443',
  })

  /** Over TLS, which must be that of the edge's own authority. */
  function ask(host: string, path: string, login?: string): Promise<Answer> {
    const ca = readFileSync(join(dir, 'caddy/pki/authorities/local/root.crt'))
    return new Promise((resolve, reject) => {
      const headers = {
        host,
        ...(login && { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
      }
      const asked = request({ host: '127.0.0.1', port, servername: host, path, headers, ca }, (response) => {
        text(response).then((body) => {
          const {
            location,
            'strict-transport-security': strictTransport,
            'alt-svc': others,
            'www-authenticate': challenge,
          } = response.headers
          const reached = body.startsWith('{') ? (JSON.parse(body) as Answer['reached']) : undefined
          const status = response.statusCode ?? 0
          resolve({ status, location, strictTransport, others, challenge, ...(reached && { reached }) })
        }, reject)
      })
      asked.on('error', reject).end()
    })
  }

  it("has a configuration that Caddy accepts, in Caddy's own format", async () => {
    const validate = (path: string) =>
      judge(caddy, ['validate', '--adapter', 'caddyfile', '--config', path], env())
    expect(await validate(CADDYFILE)).toMatchObject({ isFine: true })
    const wrong = join(dir, 'wrong')
    writeFileSync(wrong, readFileSync(CADDYFILE, 'utf8').replace('reverse_proxy', 'reverse_porxy'))
    expect(await validate(wrong)).toMatchObject({
      isFine: false,
      output: expect.stringContaining('reverse_porxy'),
    })
    expect((await judge(caddy, ['fmt', CADDYFILE])).output).toBe(readFileSync(CADDYFILE, 'utf8'))
  })

  it('forwards the API, except its metrics, which stay inside', async () => {
    expect((await ask('localhost', '/v1/runs')).reached).toEqual({
      name: 'runtime:8080',
      url: '/v1/runs',
      host: 'localhost',
    })
    for (const path of ['/metrics', '/metrics?x=1']) {
      const { status, reached } = await ask('localhost', path)
      expect({ path, status, reached }).toEqual({ path, status: 404, reached: undefined })
    }
  })

  it('forwards S3 under its own name and path, which are signed, and keeps metrics and administration of MinIO inside', async () => {
    const key = '/incoming/a%20b/%C3%A9.mp4?x-id=PutObject&X-Amz-Signature=1'
    expect((await ask('s3.localhost', key)).reached).toEqual({
      name: 'minio:9000',
      url: key,
      host: 's3.localhost',
    })
    for (const path of [
      '/minio/v2/metrics/cluster',
      '/minio/metrics/v3',
      '/minio/prometheus/metrics',
      '/minio/admin/v3/info',
    ]) {
      const { status, reached } = await ask('s3.localhost', path)
      expect({ path, status, reached }).toEqual({ path, status: 404, reached: undefined })
    }
    expect((await ask('minio.localhost', '/browser')).reached?.name).toBe('minio:9001')
  })

  /** A request that is still open: its answer, when it comes. */
  function push(path: string, headers: Readonly<Record<string, string>> = {}, method = 'PUT') {
    const ca = readFileSync(join(dir, 'caddy/pki/authorities/local/root.crt'))
    const all = { host: 'localhost', ...headers }
    const sent = request({ host: '127.0.0.1', port, servername: 'localhost', path, headers: all, ca, method })
    const answered = once(sent, 'response').then(async ([response]: IncomingMessage[]) => ({
      status: response?.statusCode,
      body: await text(response as IncomingMessage),
    }))
    return { sent, answered }
  }

  it('forwards a stream that is sent to the receiver, and everything else about streams to the API', async () => {
    const reached = async (method: string, path: string) => {
      const { sent, answered } = push(path, { authorization: 'Bearer key' }, method)
      sent.end()
      return (JSON.parse((await answered).body) as { name: string }).name
    }
    expect(await reached('PUT', '/v1/streams/cam1')).toBe('receiver:8082')
    for (const method of ['GET', 'POST', 'DELETE'])
      expect([method, await reached(method, '/v1/streams/cam1')]).toEqual([method, 'runtime:8080'])
    expect(await reached('PUT', '/v1/streams')).toBe('runtime:8080')
    expect(await reached('PUT', '/v1/functions/chunk')).toBe('runtime:8080')
  })

  it('passes on each byte of a stream at once, while its body has no end', async () => {
    const { sent, answered } = push('/v1/streams/cam1', { authorization: 'Bearer key' })
    let total = 0
    for (let round = 1; round <= 4; round++) {
      const bytes = Buffer.alloc(round * 700)
      sent.write(bytes)
      total += bytes.length
      await waitFor(async () => received === total, { what: `${total} bytes`, timeoutMs: 10_000 })
    }
    sent.end()
    expect(await answered).toMatchObject({ status: 200 })
  })

  it('tells a sender of its refusal while its body is still open', async () => {
    // Caddy itself answers an expectation of 100, so the body begins before the refusal; without the edge it does not.
    const { sent, answered } = push('/v1/streams/cam1', { expect: '100-continue' })
    sent.flushHeaders()
    sent.on('continue', () => sent.write(Buffer.alloc(1_000)))
    expect(await answered).toMatchObject({ status: 401 })
    sent.destroy()
    const right = push('/v1/streams/cam1', { expect: '100-continue', authorization: 'Bearer key' })
    right.sent.flushHeaders()
    await once(right.sent, 'continue')
    right.sent.end('bytes')
    expect(await right.answered).toMatchObject({ status: 200 })
  })

  it('leaves the login to services with their own', async () => {
    expect((await ask('localhost', '/grafana/d/1')).reached).toMatchObject({
      name: 'grafana:3000',
      url: '/grafana/d/1',
    })
    expect(await ask('localhost', '/grafana')).toMatchObject({ status: 302, location: '/grafana/' })
    // Grafana prefixes the links of panels with its own path.
    for (const path of [
      '/v1/runs?function=cut%201&status=dead',
      '/dead-letters?function=cut%201&reason=permanent',
      '/runs/0123456789abcdef',
    ]) {
      const { status, location } = await ask('localhost', `/grafana${path}`)
      expect([status, location?.replace(/\?$/, '')]).toEqual([302, path])
    }
  })

  it('compresses pages, and neither live events nor media', async () => {
    const encodingOf = async (type: string) => {
      const { sent, answered } = push(`/typed?${type}`, { 'accept-encoding': 'gzip' }, 'GET')
      const response = once(sent.end(), 'response')
      await answered
      return ((await response) as [IncomingMessage])[0].headers['content-encoding']
    }
    for (const type of ['text/html; charset=UTF-8', 'text/css', 'application/json'])
      expect([type, await encodingOf(encodeURIComponent(type))]).toEqual([type, 'gzip'])
    for (const type of ['text/event-stream', 'video/mp4'])
      expect([type, await encodingOf(encodeURIComponent(type))]).toEqual([type, undefined])
  })

  it('writes no link that logs in into its log', async () => {
    await ask('localhost', '/login?link=1.admin.this-is-secret')
    const log = () => readFileSync(join(dir, 'caddy.log'), 'utf8')
    await waitFor(async () => log().includes('/login?link='), {
      what: 'the request in the log',
      timeoutMs: 10_000,
    })
    expect(log()).not.toContain('this-is-secret')
  })

  it('asks for a login in front of services without one', async () => {
    const paths = {
      '/prometheus/graph': 'prometheus:9090',
      '/alertmanager/': 'alertmanager:9093',
      '/redis/': 'redisinsight:5540',
      '/redis': 'redisinsight:5540',
    }
    for (const [path, name] of Object.entries(paths)) {
      const answers = [
        await ask('localhost', path),
        await ask('localhost', path, 'operator:wrong'),
        await ask('localhost', path, 'operator:'),
      ]
      expect(answers.map(({ status, reached }) => ({ path, status, reached }))).toEqual(
        answers.map(() => ({ path, status: 401, reached: undefined })),
      )
      expect((await ask('localhost', path, `operator:${password}`)).reached?.name).toBe(name)
    }
  })

  it('computes no hash for a login that does not start like the right one, and answers it alike', async () => {
    const users = readFileSync(join(dir, 'secrets/edge-users'), 'utf8')
    const beginning = /basic\) (\S+)"/.exec(users)?.[1] ?? ''
    expect(Buffer.from(beginning, 'base64').toString()).toBe(`operator:${password.slice(0, 9)}`)
    const order = users.split('\n').map((line) => line.split(' ')[0])
    expect(order.indexOf('respond')).toBeLessThan(order.indexOf('basicauth'))
    for (const login of [
      `nobody:${password}`,
      `operator:x${password.slice(1)}`,
      password,
      `operator:${password.slice(0, 9)}${'0'.repeat(31)}`,
      `operator:${password}0`,
    ])
      expect(await ask('localhost', '/prometheus/', login)).toMatchObject({
        status: 401,
        challenge: expect.stringMatching(/^Basic/),
      })
  })

  it('redirects the plain port to the published one, and offers no other protocol', async () => {
    for (const host of ['localhost', 's3.localhost', 'minio.localhost']) {
      const asked = plainRequest({ host: '127.0.0.1', port: plain, path: '/a%20b?c=d', headers: { host } })
      const [response] = (await once(asked.end(), 'response')) as [IncomingMessage]
      response.resume()
      expect([response.statusCode, response.headers.location]).toEqual([
        308,
        `https://${host}:8443/a%20b?c=d`,
      ])
    }
    expect((await ask('localhost', '/')).others).toBeUndefined()
  })

  it('cannot be bypassed with another spelling of the path', async () => {
    for (const path of [
      '//prometheus/graph',
      '/./prometheus/graph',
      '/PROMETHEUS/graph',
      '/%70rometheus/graph',
      '/x/../redis/',
    ]) {
      const { status, reached } = await ask('localhost', path)
      expect({
        path,
        isInside: status !== 401 && ['prometheus:9090', 'redisinsight:5540'].includes(reached?.name ?? ''),
      }).toEqual({ path, isInside: false })
    }
  })

  it('answers only for its own names, and makes browsers keep to TLS', async () => {
    expect((await ask('localhost', '/')).strictTransport).toContain('max-age')
    await expect(ask('other.localhost', '/')).rejects.toThrow(/alert|handshake/)
  })
})

/** The bytes of the last stream, as they come. */
let received = 0

function listening(name: string): Promise<HttpServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse, isExpectant: boolean) => {
    if (name === 'receiver:8082') {
      if (request.headers.authorization === undefined) return void response.writeHead(401).end()
      if (isExpectant) response.writeContinue()
      received = 0
      for await (const bytes of request) received += (bytes as Buffer).length
    }
    if (request.url?.startsWith('/typed?')) {
      const type = decodeURIComponent(request.url.slice('/typed?'.length))
      return void response.writeHead(200, { 'content-type': type }).end('word '.repeat(1_000))
    }
    response.end(JSON.stringify({ name, url: request.url, host: request.headers.host }))
  }
  const server = createHttpServer((request, response) => void answer(request, response, false))
  server.on('checkContinue', (request, response) => void answer(request, response, true))
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}
