import { describe, expect, it } from 'vitest'
import { includesHost, pullHosts } from '../../../runtime/settings/pull-hosts.ts'

describe('SLUICE_STREAMS_PULL_HOSTS', () => {
  it('lists hosts, hosts with a port, and networks', () => {
    expect(pullHosts('Camera1.example, 10.0.0.7:8554,192.0.2.0/24,[2001:DB8::1]:554,2001:db8::/32')).toEqual([
      { kind: 'host', name: 'camera1.example' },
      { kind: 'host', name: '10.0.0.7', port: 8_554 },
      { kind: 'network', address: '192.0.2.0', prefix: 24 },
      { kind: 'host', name: '2001:db8::1', port: 554 },
      { kind: 'network', address: '2001:db8::', prefix: 32 },
    ])
    expect(pullHosts('')).toEqual([])
  })

  it.each([
    '*',
    'a b',
    'http://camera',
    '10.0.0.0/33',
    'camera/24',
    'camera:0',
    'camera:65536',
    '[camera]:1',
  ])('refuses %s', (text) => {
    expect(() => pullHosts(text)).toThrow(RangeError)
  })
})

describe('includesHost', () => {
  const includes = (list: string, host: string, port: number, address?: string) =>
    pullHosts(list).some((entry) => includesHost(entry, host, port, address))

  it('finds a name in any case, at every port or at the one that is listed', () => {
    expect(includes('camera.example', 'CAMERA.example', 554)).toBe(true)
    expect(includes('camera.example:554', 'camera.example', 554)).toBe(true)
    expect(includes('camera.example:554', 'camera.example', 80)).toBe(false)
    expect(includes('camera.example', 'x.camera.example', 554)).toBe(false)
  })

  it('finds an address in a network, also that of a name', () => {
    expect(includes('192.0.2.0/24', 'camera.example', 554, '192.0.2.9')).toBe(true)
    expect(includes('192.0.2.0/24', '192.0.3.9', 554, '192.0.3.9')).toBe(false)
    expect(includes('2001:db8::/32', 'camera.example', 554, '2001:db8::9')).toBe(true)
    expect(includes('192.0.2.0/24', 'camera.example', 554)).toBe(false)
  })
})
