import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openPullProxy, type PullProxy } from '../../../../../runtime/reception/doors/pull/proxy.ts'
import { pullHosts } from '../../../../../runtime/settings/pull-hosts.ts'

let source: Server
let port = 0
let proxy: PullProxy
const seen: string[] = []

beforeAll(async () => {
  source = createServer((asked, response) => {
    seen.push(`${asked.method} ${asked.headers.host} ${asked.url}`)
    if (asked.url === '/gone') response.writeHead(404).end()
    else response.end('some media')
  })
  source.listen(0, '127.0.0.1')
  await once(source, 'listening')
  port = (source.address() as AddressInfo).port
})
beforeEach(async () => {
  seen.length = 0
  proxy = await openPullProxy({
    hosts: pullHosts(`camera.example:${port},[::1]:1`),
    resolve: (name) =>
      name === 'camera.example' ? Promise.resolve(['127.0.0.1']) : Promise.reject(new Error(name)),
  })
})
afterEach(() => proxy.close())
afterAll(() => {
  source.close()
  source.closeAllConnections()
})

async function get(url: string, method = 'GET') {
  const sent = request({ host: '127.0.0.1', port: proxy.port, path: url, method })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  return { status: response.statusCode, text }
}

async function tunnelTo(target: string): Promise<string> {
  const socket = connect(proxy.port, '127.0.0.1')
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (answer.toString().includes(' 200 ')) {
    socket.write('GET /inside HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    await once(socket, 'data')
  }
  socket.destroy()
  return answer.toString().split('\r\n')[0] ?? ''
}

describe('the proxy for pulled HTTP', () => {
  it('passes on requests to listed hosts, at the address that it resolved itself', async () => {
    expect(await get(`http://camera.example:${port}/x?y=1`)).toEqual({ status: 200, text: 'some media' })
    expect(seen).toEqual([`GET camera.example:${port} /x?y=1`])
    expect(proxy.notes()).toEqual([])
  })

  it('counts the bytes of the source, through requests and tunnels', async () => {
    let bytes = 0
    proxy.listen((more) => {
      bytes += more
    })
    await get(`http://camera.example:${port}/x`)
    expect(bytes).toBe('some media'.length)
    await tunnelTo(`camera.example:${port}`)
    // With the headers, which the proxy cannot tell from the media in a tunnel.
    expect(bytes).toBeGreaterThan(2 * 'some media'.length)
  })

  it('refuses all others, and notes it', async () => {
    expect(await get(`http://127.0.0.1:${port}/x`)).toEqual({ status: 403, text: '' })
    expect(await get(`http://camera.example:${port + 1}/x`)).toEqual({ status: 403, text: '' })
    expect(seen).toEqual([])
    expect(proxy.notes()).toEqual([
      `refused: 127.0.0.1:${port} is not in SLUICE_STREAMS_PULL_HOSTS`,
      `refused: camera.example:${port + 1} is not in SLUICE_STREAMS_PULL_HOSTS`,
    ])
  })

  it('notes failures of a source, which FFmpeg would pass over', async () => {
    expect((await get(`http://camera.example:${port}/gone`)).status).toBe(404)
    expect((await get('http://[::1]:1/x')).status).toBe(502)
    expect(proxy.notes()).toEqual([
      `failed: camera.example:${port}/gone answered with status 404`,
      expect.stringMatching(/^failed: ::1:1\/x: E/),
    ])
  })

  it('opens tunnels to listed hosts only', async () => {
    expect(await tunnelTo(`camera.example:${port}`)).toBe('HTTP/1.1 200 Connection established')
    expect(seen).toEqual(['GET x /inside'])
    expect(await tunnelTo(`127.0.0.1:${port}`)).toBe('HTTP/1.1 403 Forbidden')
    expect(proxy.notes()).toHaveLength(1)
  })

  it('does nothing but read', async () => {
    expect((await get(`http://camera.example:${port}/x`, 'POST')).status).toBe(400)
    expect((await get('/x')).status).toBe(400)
    expect(seen).toEqual([])
  })
})
