/** The address of a caller, and whether its connection is encrypted: headers of proxies count from trusted ones only. @module */
import type { Context } from 'hono'
import { createIsTrusted, type Network } from '../../settings/trusted-proxies.ts'

export interface Caller {
  /** Empty where it is unknown. */
  readonly address: string
  /** Whether the caller speaks TLS, to the proxy in front of this process. */
  readonly isSecure: boolean
}

export type CallerOf = (c: Context) => Caller

export function createCallerOf(proxies: readonly Network[]): CallerOf {
  const isTrusted = createIsTrusted(proxies)
  return (c) => {
    const socket = socketAddressOf(c)
    if (!isTrusted(socket)) return { address: socket, isSecure: false }
    const hops = listOf(c.req.header('x-forwarded-for'))
    // Each proxy appends who called it, so what is left of the first stranger may be invented.
    const address = hops.findLast((hop) => !isTrusted(hop)) ?? hops[0] ?? socket
    const [scheme] = listOf(c.req.header('x-forwarded-proto'))
    return { address, isSecure: scheme?.toLowerCase() === 'https' }
  }
}

/** Of the connection; `c.env` is what the server of Node gives, and tests may leave out. */
function socketAddressOf(c: Context): string {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress ?? ''
}

function listOf(header: string | undefined): readonly string[] {
  return (header ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
}
