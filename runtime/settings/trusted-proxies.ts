/** The proxies whose headers about a caller are believed. Pure. @module */
import { BlockList, isIP, isIPv6 } from 'node:net'

/** Such as `192.0.2.0/24`. */
export interface Network {
  readonly address: string
  readonly prefix: number
}

const LOOPBACK: readonly Network[] = [
  { address: '127.0.0.0', prefix: 8 },
  { address: '::1', prefix: 128 },
]
/** Networks that the internet does not route: RFC 1918, and RFC 4193. */
const PRIVATE: readonly Network[] = [
  ...LOOPBACK,
  { address: '10.0.0.0', prefix: 8 },
  { address: '172.16.0.0', prefix: 12 },
  { address: '192.168.0.0', prefix: 16 },
  { address: 'fc00::', prefix: 7 },
]
const NAMES: Readonly<Record<string, readonly Network[]>> = { loopback: LOOPBACK, private: PRIVATE, none: [] }

/**
 * Parses a list such as `loopback`, `private`, `none` or `192.0.2.7,198.51.100.0/24`.
 *
 * @throws {RangeError} that quotes the entry that is wrong
 */
export function trustedProxies(text: string): readonly Network[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
    .flatMap((entry) => NAMES[entry] ?? networkOf(entry))
}

function networkOf(entry: string): Network {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
  const family = isIP(address)
  const bits = family === 6 ? 128 : 32
  if (family === 0 || Number(prefix ?? bits) > bits)
    throw new RangeError(
      `"${entry}": write loopback, private, none, an address, or a network such as 192.0.2.0/24`,
    )
  return { address, prefix: Number(prefix ?? bits) }
}

/** Whether an address is in one of the networks. Shape of an address: `10.0.0.7`, `fd00::1`, `::ffff:10.0.0.7`. */
export function createIsTrusted(networks: readonly Network[]): (address: string) => boolean {
  const list = new BlockList()
  for (const { address, prefix } of networks)
    list.addSubnet(address, prefix, isIPv6(address) ? 'ipv6' : 'ipv4')
  return (address) => {
    const plain = address.replace(/^::ffff:(?=[\d.]+$)/i, '')
    const family = isIP(plain)
    return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4')
  }
}
