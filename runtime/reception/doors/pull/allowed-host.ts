/** The decision whether a host may be connected to, and at which address. Names are resolved here, never by FFmpeg. @module */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { includesHost, type PullHost } from '../../../settings/pull-hosts.ts'

export type HostAnswer =
  /** `address` is a number: what was checked is what is connected to. */
  | { readonly kind: 'allowed'; readonly address: string }
  | { readonly kind: 'refused' | 'unresolved'; readonly why: string }

export type Resolve = (host: string) => Promise<readonly string[]>

const resolveByNode: Resolve = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address)

/** @param host - a name, or an address without brackets */
export async function checkHost(
  hosts: readonly PullHost[],
  { host, port }: { readonly host: string; readonly port: number },
  resolve: Resolve = resolveByNode,
): Promise<HostAnswer> {
  const refusal: HostAnswer = {
    kind: 'refused',
    why: `${host}:${port} is not in SLUICE_STREAMS_PULL_HOSTS`,
  }
  const isNamed = hosts.some((entry) => includesHost(entry, host, port))
  const hasNetworks = hosts.some(({ kind }) => kind === 'network')
  // A name that no entry can mean is not looked up.
  if (!isNamed && !hasNetworks) return refusal
  let addresses: readonly string[]
  try {
    addresses = isIP(host) ? [host] : await resolve(host)
  } catch (error) {
    return {
      kind: 'unresolved',
      why: `${host} cannot be resolved (${(error as NodeJS.ErrnoException).code})`,
    }
  }
  const address = addresses.find(
    (each) => isNamed || hosts.some((entry) => includesHost(entry, host, port, each)),
  )
  return address === undefined ? refusal : { kind: 'allowed', address }
}
