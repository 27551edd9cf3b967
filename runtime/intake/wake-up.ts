/**
 * Waits until the inbox has something, by moving its head onto itself: nothing can be lost so. The head comes along, and is the
 * news itself when it is short; of one that is too long for a notification only the first bytes are let in.
 * @module
 */
import { hostname } from 'node:os'
import { readlinkSync } from 'node:fs'
import type { Redis } from 'ioredis'

export interface Bell {
  /** The head; undefined when there was none in time, or it is longer than it may be. */
  wait(inbox: string, seconds: number): Promise<Buffer | undefined>
}

/** What a reply has beside its text. */
const FRAME_BYTES = 64

/** @param blocking - a connection that nobody else uses */
export function createBell(blocking: Redis, maxBytes: number): Bell {
  let bytes = 0
  let isTooLong = false
  /** Of each connection, as a wait outlives one that is cut. */
  const watch = () => {
    const { stream } = blocking
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes + FRAME_BYTES || isTooLong) return
      isTooLong = true
      // Redis drops the rest. A connection that is only cut would ask for the same again.
      blocking.disconnect()
      stream.destroy()
    })
  }
  blocking.on('connect', watch)
  if (blocking.status === 'connect' || blocking.status === 'ready') watch()

  return {
    async wait(inbox, seconds) {
      bytes = 0
      isTooLong = false
      // It was given up over a text that is too long.
      if (blocking.status === 'end') await blocking.connect()
      try {
        return (await blocking.blmoveBuffer(inbox, inbox, 'LEFT', 'LEFT', seconds)) ?? undefined
      } catch (error) {
        if (isTooLong) return undefined
        throw error
      }
    },
  }
}

/** The same when this process is started again by its supervisor, and nobody else's. */
export function intakeName(): string {
  return [hostname(), namespaceOfProcesses(), process.ppid].join(' ')
}

/** Containers may share a host's name, and count their processes from 1 each. */
function namespaceOfProcesses(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
