/** The address of a stream that is pulled: what it connects to, and FFmpeg's words for it. Pure. @module */

const PORTS: Readonly<Record<string, number>> = {
  'rtsp:': 554,
  'rtmp:': 1935,
  'srt:': 0,
  'http:': 80,
  'https:': 443,
}

export interface PullAddress {
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** http and hls go through the proxy, which checks every request; the others are checked once. */
  readonly isProxied: boolean
  readonly isTls: boolean
  /** The same address with a number in the place of the host. */
  at(address: string): string
}

export type PullReading =
  | { readonly kind: 'address'; readonly address: PullAddress }
  /** `why` completes "this cannot be pulled: …". */
  | { readonly kind: 'invalid'; readonly why: string }

export const PULL_SCHEMES = Object.keys(PORTS).map((scheme) => scheme.slice(0, -1))

export function readPullAddress(text: string): PullReading {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const usual = url && PORTS[url.protocol]
  if (!url || usual === undefined || url.hostname === '')
    return { kind: 'invalid', why: `write an address that starts with ${PULL_SCHEMES.join(', ')} and ://` }
  const port = Number(url.port) || usual
  if (port === 0) return { kind: 'invalid', why: 'an SRT address needs a port' }
  return {
    kind: 'address',
    address: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port,
      isProxied: url.protocol === 'http:' || url.protocol === 'https:',
      isTls: url.protocol === 'https:',
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
