/** A TCP proxy that behaves like a bad network: it loses replies, cuts, delays, throttles, and silently forgets connections. @module */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface LossyProxy {
  readonly port: number
  /** Replies lost so far. */
  readonly lost: number
  /** Connections that are open to it. */
  readonly connections: number
  /** Loses the next replies, each together with its connection. */
  loseReplies(count: number): void
  /** Resets every connection that is open now. */
  cut(): void
  /** On connections that are open now, nothing arrives at either end any more, and neither end notices. New ones work. */
  forget(): void
  /** Delays traffic in both directions. */
  delay(ms: number): void
  /** Lets so much through each connection, each way; Infinity for all. */
  throttle(bytesPerSecond: number): void
  /** Resets new connections at once. */
  refuse(isRefusing: boolean): void
  stop(): Promise<void>
}

/** A connection through the proxy. */
interface Link {
  readonly client: Socket
  readonly target: Socket
  isForgotten: boolean
}

/** Bytes that pass at once while it throttles: the share of a twentieth of a second. */
const SHARES_PER_SECOND = 20

export async function startLossyProxy(targetPort: number): Promise<LossyProxy> {
  let toLose = 0
  let lost = 0
  let delayMs = 0
  let bytesPerSecond = Infinity
  let isRefusing = false
  const links = new Set<Link>()

  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (isRefusing) {
      client.on('error', () => undefined)
      return void client.resetAndDestroy()
    }
    const link: Link = {
      client,
      target: connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true }),
      isForgotten: false,
    }
    links.add(link)
    client.once('close', () => links.delete(link))
    // HTTP and Redis clients never close one half: an end that closes its sending half is gone.
    client.once('end', () => client.destroy())
    pass(link, link.client, link.target, () => true)
    pass(link, link.target, link.client, () => {
      if (toLose === 0) return true
      toLose--
      lost++
      client.destroy()
      link.target.destroy()
      return false
    })
  })

  /** Forwards what arrives from one end, in order, at the permitted rate. */
  function pass(link: Link, from: Socket, to: Socket, mayGo: () => boolean): void {
    from.on('data', (bytes) => {
      if (link.isForgotten || !mayGo()) return
      if (delayMs === 0 && bytesPerSecond === Infinity) {
        if (!to.write(bytes)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
        return
      }
      from.pause()
      void slowly(to, bytes).then(() => from.resume())
    })
    from.once('end', () => {
      if (!link.isForgotten) to.end()
    })
    // The end of one side, by reset or not, is passed on to the other.
    from.on('error', () => {
      if (!link.isForgotten) to.resetAndDestroy()
    })
    from.once('close', () => {
      if (link.isForgotten || to.destroyed) return
      if (from.readableEnded) to.end()
      else to.destroy()
    })
  }

  async function slowly(to: Socket, bytes: Buffer): Promise<void> {
    await sleep(delayMs)
    for (let at = 0; at < bytes.length && !to.destroyed;) {
      const share = Math.max(1, Math.min(bytes.length, Math.ceil(bytesPerSecond / SHARES_PER_SECOND)))
      to.write(bytes.subarray(at, at + share))
      at += share
      if (bytesPerSecond !== Infinity) await sleep(1_000 / SHARES_PER_SECOND)
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get lost() {
      return lost
    },
    get connections() {
      return links.size
    },
    loseReplies(count) {
      toLose = count
    },
    cut() {
      for (const { client, target } of links) {
        client.resetAndDestroy()
        target.resetAndDestroy()
      }
    },
    forget() {
      for (const link of links) link.isForgotten = true
    },
    delay(ms) {
      delayMs = ms
    },
    throttle(bytes) {
      bytesPerSecond = bytes
    },
    refuse(is) {
      isRefusing = is
    },
    stop() {
      for (const { client, target } of links) {
        client.destroy()
        target.destroy()
      }
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
