/** The list of hosts from which streams may be pulled. Pure. @module */
import { BlockList, isIP, isIPv6 } from 'node:net'

export type PullHost =
  /** `name` is a name or an address, in lower case; without a port, every port is meant. */
  | { readonly kind: 'host'; readonly name: string; readonly port?: number }
  /** Such as `192.0.2.0/24`. */
  | { readonly kind: 'network'; readonly address: string; readonly prefix: number }

const FORM = 'write a host, host:port or network such as 192.0.2.0/24'

/**
 * Parses a list such as `camera1.example,192.0.2.0/24,10.0.0.7:8554,[2001:db8::1]:554`.
 *
 * @throws {RangeError} that quotes the entry that is wrong
 */
export function pullHosts(text: string): readonly PullHost[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean)
    .map(pullHost)
}

function pullHost(entry: string): PullHost {
  const network = /^(.+)\/(\d{1,3})$/.exec(entry)
  if (network) return networkOf(entry, network[1] ?? '', Number(network[2]))
  if (isIPv6(entry)) return { kind: 'host', name: entry.toLowerCase() }
  const [, name = '', port] = /^(\[[^\]]+\]|[\w.-]+)(?::(\d+))?$/.exec(entry) ?? []
  const bare = name.replace(/^\[|\]$/g, '').toLowerCase()
  if (bare === '' || (name.startsWith('[') && !isIPv6(bare))) throw new RangeError(`"${entry}": ${FORM}`)
  if (port === undefined) return { kind: 'host', name: bare }
  if (Number(port) < 1 || Number(port) > 65_535)
    throw new RangeError(`"${entry}": a port is a number from 1 to 65535`)
  return { kind: 'host', name: bare, port: Number(port) }
}

function networkOf(entry: string, address: string, prefix: number): PullHost {
  const family = isIP(address)
  if (family === 0 || prefix > (family === 6 ? 128 : 32)) throw new RangeError(`"${entry}": ${FORM}`)
  return { kind: 'network', address, prefix }
}

/** Whether the entry has this host, by its name, or this address. */
export function includesHost(entry: PullHost, host: string, port: number, address?: string): boolean {
  if (entry.kind === 'host') {
    const isNamed = entry.name === host.toLowerCase() || entry.name === address
    return isNamed && (entry.port === undefined || entry.port === port)
  }
  if (address === undefined) return false
  const list = new BlockList()
  list.addSubnet(entry.address, entry.prefix, isIPv6(entry.address) ? 'ipv6' : 'ipv4')
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
