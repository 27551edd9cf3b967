/** The address of a stream that is pulled: what it connects to, and FFmpeg's words for it. Pure. @module */

const PORTS: Readonly<Record<string, number>> = {
  'rtsp:': 554,
  'rtmp:': 1935,
  'srt:': 0,
  'http:': 80,
  'https:': 443,
}

/**
 * FFmpeg takes options of SRT from the address, and some of them do not belong to a caller: `mode=listener` opens a port,
 * `localaddr` chooses its network (https://ffmpeg.org/ffmpeg-protocols.html#srt).
 */
const SRT_OPTIONS: ReadonlySet<string> = new Set([
  'streamid',
  'passphrase',
  'pbkeylen',
  'enforced_encryption',
  'latency',
  'rcvlatency',
  'peerlatency',
  'lossmaxttl',
  'connect_timeout',
])

/** For a sentence: the first option that is not allowed. `mode=caller` says the usual. */
function strangeOption(options: URLSearchParams): string | undefined {
  for (const [name, value] of options)
    if (!SRT_OPTIONS.has(name) && !(name === 'mode' && value === 'caller'))
      return JSON.stringify(name.slice(0, 40))
  return undefined
}

export interface PullAddress {
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** http and hls go through the proxy, which checks every request; the others are checked once. */
  readonly isProxied: boolean
  readonly isTls: boolean
  /** As it was read: FFmpeg might find another host in a text that has blanks or backslashes. */
  readonly href: string
  /** The same address with a number in the place of the host. */
  at(address: string): string
}

export type PullReading =
  | { readonly kind: 'address'; readonly address: PullAddress }
  /** `why` completes "this cannot be pulled: …", without the address itself, which may hold a password. */
  | { readonly kind: 'invalid'; readonly why: string }

export function readPullAddress(text: string): PullReading {
  const invalid = (why: string): PullReading => ({ kind: 'invalid', why })
  if (!URL.canParse(text)) return invalid('it is not a URL: write it as rtsp://host/path')
  const url = new URL(text)
  const usualPort = PORTS[url.protocol]
  if (usualPort === undefined)
    return invalid(`${url.protocol}// cannot be pulled, only rtsp, rtmp, srt, http and https`)
  if (url.hostname === '') return invalid('it has no host: write it as rtsp://host/path')
  const port = Number(url.port) || usualPort
  if (port === 0) return invalid('an address of SRT needs a port: srt://host:port')
  const strange = url.protocol === 'srt:' ? strangeOption(url.searchParams) : undefined
  if (strange !== undefined)
    return invalid(`its option ${strange} is not one of a caller: ${[...SRT_OPTIONS].join(', ')} are`)
  url.hash = ''
  return {
    kind: 'address',
    address: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port,
      isProxied: url.protocol === 'http:' || url.protocol === 'https:',
      isTls: url.protocol === 'https:',
      href: url.href,
      at(address) {
        // The setter does not change hosts of schemes that it does not know.
        const { protocol, username, password, pathname, search } = url
        const user = username === '' ? '' : `${username}${password === '' ? '' : `:${password}`}@`
        const host = address.includes(':') ? `[${address}]` : address
        return `${protocol}//${user}${host}:${port}${pathname}${search}`
      },
    },
  }
}
