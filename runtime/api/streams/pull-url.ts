/** Whether an address may be pulled, by the settings of this process; the receiver checks it again, and all that it leads to. Pure. @module */
import { isIP } from 'node:net'
import { readPullAddress } from '../../reception/doors/pull/pull-address.ts'
import { includesHost, type PullHost } from '../../settings/pull-hosts.ts'

/** The reason why the URL cannot be pulled, without the URL itself, which may hold a password; undefined when it can. */
export function pullProblem(text: string, hosts: readonly PullHost[]): string | undefined {
  const reading = readPullAddress(text)
  if (reading.kind === 'invalid') return reading.why
  if (hosts.length === 0)
    return 'no stream may be pulled here: list the hosts that may be in SLUICE_STREAMS_PULL_HOSTS'
  const { host, port } = reading.address
  const address = isIP(host) === 0 ? undefined : host
  if (hosts.some((entry) => includesHost(entry, host, port, address))) return undefined
  // A name may lead into a network of the list: its receiver resolves it.
  if (address === undefined && hosts.some(({ kind }) => kind === 'network')) return undefined
  return `host ${host}, port ${port} is not in SLUICE_STREAMS_PULL_HOSTS: add it there to pull from it`
}
