/** Whether an address may be pulled, by the settings of this process; the receiver checks it again, and all that it leads to. Pure. @module */
import { isIP } from 'node:net'
import { includesHost, type PullHost } from '../../settings/pull-hosts.ts'

const PORTS: Readonly<Record<string, number>> = {
  'rtsp:': 554,
  'rtmp:': 1935,
  'srt:': 0,
  'http:': 80,
  'https:': 443,
}

/** The reason why the URL cannot be pulled, without the URL itself, which may hold a password; undefined when it can. */
export function pullProblem(text: string, hosts: readonly PullHost[]): string | undefined {
  if (!URL.canParse(text)) return 'it is not a URL: write it as rtsp://host/path'
  const url = new URL(text)
  const usualPort = PORTS[url.protocol]
  if (usualPort === undefined)
    return `${url.protocol}// cannot be pulled, only rtsp, rtmp, srt, http and https`
  if (url.hostname === '') return 'it has no host: write it as rtsp://host/path'
  if (url.protocol === 'srt:' && url.port === '') return 'an address of SRT needs a port: srt://host:port'
  if (hosts.length === 0)
    return 'no stream may be pulled here: list the hosts that may be in SLUICE_STREAMS_PULL_HOSTS'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port) || usualPort
  const address = isIP(host) === 0 ? undefined : host
  if (hosts.some((entry) => includesHost(entry, host, port, address))) return undefined
  // A name may lead to a network of the list, or to an address: its receiver resolves it.
  const mayLeadTo = hosts.some((entry) => entry.kind === 'network' || isIP(entry.name) !== 0)
  if (address === undefined && mayLeadTo) return undefined
  return `host ${host}, port ${port} is not in SLUICE_STREAMS_PULL_HOSTS: add it there to pull from it`
}
