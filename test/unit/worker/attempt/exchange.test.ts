import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Hono } from 'hono'
import { knownTextOf, postWhenAsked, useLightResponses } from '../../../../runtime/worker/attempt/exchange.ts'

const { Response: Native, Request: NativeRequest, fetch: nativeFetch } = globalThis
beforeAll(useLightResponses)
afterAll(() => {
  Object.assign(globalThis, { Response: Native, Request: NativeRequest, fetch: nativeFetch })
})

const app = new Hono()
app.get('/json', (c) => c.json({ ok: true }, 201))
app.get('/later', (c) => {
  c.header('retry-after', '7')
  return c.json({ ok: false }, 503)
})

describe('a light response', () => {
  it('tells its status and text without being read, as c.json() makes it', async () => {
    const response = await app.fetch(new Request('http://x/json'))
    expect([response.status, response.ok, knownTextOf(response)]).toEqual([201, true, '{"ok":true}'])
  })

  it('is a Response like any other to whoever looks into it', async () => {
    const response = await app.fetch(new Request('http://x/json'))
    expect(response).toBeInstanceOf(Response)
    expect(response).toBeInstanceOf(Native)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.clone().json()).toEqual({ ok: true })
    expect(await response.text()).toBe('{"ok":true}')
    expect(response.bodyUsed).toBe(true)
    // Somebody has it in hand by now, and may have used it up.
    expect(knownTextOf(response)).toBeUndefined()
  })

  it('keeps headers that were set', async () => {
    const response = await app.fetch(new Request('http://x/later'))
    expect([response.status, response.ok, response.headers.get('retry-after')]).toEqual([503, false, '7'])
  })

  it('is a real one from the start when there is more to it than a text', async () => {
    const bytes = new Response(new Uint8Array([104, 105]))
    expect(knownTextOf(bytes)).toBeUndefined()
    expect(await bytes.text()).toBe('hi')
    expect(new Response(null, { status: 204 }).status).toBe(204)
    expect(() => new Response('x', { status: 99 })).toThrow(RangeError)
    expect(() => new Response('x', { status: 204 })).toThrow(TypeError)
    const copied = new Response('copy', new Response('first', { status: 202 }))
    expect([copied.status, await copied.text()]).toEqual([202, 'copy'])
  })

  it('leaves those alone that come from elsewhere', () => {
    expect(Response.json({ a: 1 })).toBeInstanceOf(Response)
    expect(knownTextOf(Response.json({ a: 1 }))).toBeUndefined()
    expect(knownTextOf(new Native('there'))).toBeUndefined()
  })
})

it('a light request is a Request whose headers and body are there when they are asked for', async () => {
  let made = 0
  const request = postWhenAsked('http://runtime/functions/cut', () => {
    made += 1
    return { headers: { 'ce-id': 'r1' } }
  })
  expect([request.method, request.url, made]).toEqual(['POST', 'http://runtime/functions/cut', 0])
  expect(request).toBeInstanceOf(Request)
  expect([request.headers.get('ce-id'), request.headers.get('none'), made]).toEqual(['r1', null, 1])
  expect(await request.clone().text()).toBe('')
  expect(await new Request(request.clone()).text()).toBe('')
})

describe('a light request that is passed on', () => {
  const light = (url = 'http://runtime/functions/cut') =>
    postWhenAsked(url, () => ({ headers: { 'ce-id': 'r1' } }))

  it('becomes another Request, as it is or changed', () => {
    const copied = new Request(light())
    expect([copied.method, copied.headers.get('ce-id')]).toEqual(['POST', 'r1'])
    const changed = new Request(light(), { method: 'PUT', headers: { 'ce-id': 'r2' } })
    expect([changed.method, changed.url, changed.headers.get('ce-id')]).toEqual(['PUT', light().url, 'r2'])
    expect(copied).toBeInstanceOf(Request)
    expect(copied).toBeInstanceOf(NativeRequest)
  })

  it('is what a class of one’s own can be made of', () => {
    class Named extends Request {
      readonly name = 'mine'
    }
    const named = new Named(light())
    expect(named).toBeInstanceOf(Named)
    expect([named.name, named.headers.get('ce-id')]).toEqual(['mine', 'r1'])
  })

  it('is fetched, and so is what others fetch', async () => {
    const server = createServer((request, response) => {
      response.end(`${request.method} ${String(request.headers['ce-id'])}`)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    expect(await (await fetch(light(url))).text()).toBe('POST r1')
    expect(await (await fetch(url, { headers: { 'ce-id': 'r3' } })).text()).toBe('GET r3')
    server.closeAllConnections()
    await promisify(server.close.bind(server))()
  })

  it('reaches another app as it is', async () => {
    const inner = new Hono().post('/functions/cut', (c) => c.text(c.req.header('ce-id') ?? ''))
    const outer = new Hono().mount('/', (request) => inner.fetch(request))
    expect(await (await outer.fetch(light())).text()).toBe('r1')
  })
})
