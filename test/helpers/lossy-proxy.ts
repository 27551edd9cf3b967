/** A TCP proxy that can lose replies: the request arrives and is served, the answer does not come back. @module */
import { connect, createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

export interface LossyProxy {
  readonly port: number
  /** Replies lost so far. */
  readonly lost: number
  /** Connections that are open to it. */
  readonly connections: number
  /** Loses the next replies, each together with its connection. */
  loseReplies(count: number): void
  stop(): Promise<void>
}

export async function startLossyProxy(targetPort: number): Promise<LossyProxy> {
  let toLose = 0
  let lost = 0
  const sockets = new Set<Socket>()
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    clients.add(client)
    client.once('close', () => clients.delete(client))
    const target = connect(targetPort, '127.0.0.1')
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.on('error', () => client.destroy())
    }
    client.pipe(target)
    target.on('data', (reply) => {
      if (toLose === 0) {
        client.write(reply)
        return
      }
      toLose--
      lost++
      client.destroy()
      target.destroy()
    })
    target.once('end', () => client.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get lost() {
      return lost
    },
    get connections() {
      return clients.size
    },
    loseReplies(count) {
      toLose = count
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
