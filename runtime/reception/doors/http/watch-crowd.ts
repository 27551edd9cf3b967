/** Keeps the connections of the HTTP door within the limits of those that have no stream. @module */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { DoorParts } from '../door.ts'
import { createRefusalLog } from '../refusal-log.ts'
import { createCrowd, type Guest } from './crowd.ts'

/** By connection; undefined for one that was refused. */
export type Guests = { get(socket: Socket): Guest | undefined }

export function watchCrowd(server: Server, { onRefused, log }: Pick<DoorParts, 'onRefused' | 'log'>): Guests {
  const guests = new WeakMap<Socket, Guest>()
  const crowd = createCrowd()
  const logRefusal = createRefusalLog(
    log,
    'connections without a request are closed: there are as many as may be at a time',
  )
  // Before Node's own listener, which reads from it.
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const entry = crowd.enter(address, () => socket.destroy())
    const isFull = entry.kind === 'full'
    if (isFull || entry.closed > 0) {
      onRefused('http', 'limit')
      logRefusal(address)
    }
    if (isFull) return void socket.destroy()
    guests.set(socket, entry.guest)
    socket.once('close', () => entry.guest.leave())
  })
  return guests
}
