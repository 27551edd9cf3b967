import { describe, expect, it } from 'vitest'
import { createIsTrusted, trustedProxies } from '../../../runtime/settings/trusted-proxies.ts'

const trusts = (list: string, address: string) => createIsTrusted(trustedProxies(list))(address)

describe('trusted proxies', () => {
  it.each([
    ['loopback', '127.0.0.9'],
    ['loopback', '::1'],
    ['loopback', '::ffff:127.0.0.1'],
    ['private', '127.0.0.1'],
    ['private', '172.18.0.4'],
    ['private', '::ffff:10.1.2.3'],
    ['private', 'fd12::1'],
    ['192.0.2.7', '192.0.2.7'],
    ['loopback, 2001:db8::/32', '2001:db8:1::7'],
  ])('in %s are those with the address %s', (list, address) => {
    expect(trusts(list, address)).toBe(true)
  })

  it.each([
    ['loopback', '10.0.0.1'],
    ['private', '172.32.0.1'],
    ['private', '8.8.8.8'],
    ['none', '127.0.0.1'],
    ['', '127.0.0.1'],
    ['192.0.2.7', '192.0.2.8'],
    ['private', ''],
    ['private', 'not an address'],
  ])('in %j are not those with the address %j', (list, address) => {
    expect(trusts(list, address)).toBe(false)
  })

  it.each(['example.org', '192.0.2.0/33', '::1/129', '192.0.2', 'private/8'])(
    'refuses %j and quotes it',
    (entry) => {
      expect(() => trustedProxies(`loopback,${entry}`)).toThrow(`"${entry}": write loopback`)
    },
  )
})
