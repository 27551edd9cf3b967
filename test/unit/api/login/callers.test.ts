import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { createCallerOf } from '../../../../runtime/api/login/callers.ts'
import { trustedProxies } from '../../../../runtime/settings/trusted-proxies.ts'

/** The caller of a request that came from `socket` with these headers. */
async function callerOf(socket: string, headers: Record<string, string>, proxies = 'private') {
  const of = createCallerOf(trustedProxies(proxies))
  const app = new Hono().get('/', (c) => c.json(of(c)))
  const env = { incoming: { socket: { remoteAddress: socket } } }
  return (await app.request('/', { headers }, env)).json()
}
const TLS = { 'x-forwarded-proto': 'https' }

describe('a caller', () => {
  it('behind a trusted proxy is the one that the proxy names', async () => {
    expect(await callerOf('172.18.0.4', { 'x-forwarded-for': '203.0.113.9', ...TLS })).toEqual({
      address: '203.0.113.9',
      isSecure: true,
    })
  })

  it('is nobody that it invents: the last stranger counts', async () => {
    const headers = { 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.0.0.7' }
    expect(await callerOf('172.18.0.4', headers)).toMatchObject({ address: '203.0.113.9' })
  })

  it('of a stranger is that stranger, without TLS, whatever its headers say', async () => {
    expect(await callerOf('203.0.113.9', { 'x-forwarded-for': '10.0.0.1', ...TLS })).toEqual({
      address: '203.0.113.9',
      isSecure: false,
    })
    expect(await callerOf('127.0.0.1', TLS, 'none')).toEqual({ address: '127.0.0.1', isSecure: false })
  })

  it('without headers is the other end of the connection', async () => {
    expect(await callerOf('::ffff:127.0.0.1', {})).toEqual({ address: '::ffff:127.0.0.1', isSecure: false })
  })

  it('of this network is the first of it that called', async () => {
    expect(await callerOf('172.18.0.4', { 'x-forwarded-for': '192.168.1.5, 10.0.0.7' })).toMatchObject({
      address: '192.168.1.5',
    })
  })
})
