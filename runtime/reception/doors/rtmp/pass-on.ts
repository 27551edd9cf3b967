/** Passes bytes on between a sender and FFmpeg, both ways. @module */
import type { Socket } from 'node:net'

export interface Flow {
  /** Calls back whenever bytes of the sender come. */
  listen(heard: () => void): void
}

/** Handshake, connection and the name of the stream are far less: a sender of more sends media. */
const MEDIA_AFTER_BYTES = 64 * 1024
/** On a busy machine a sender that has not ended may be as silent as one that waits for a reply. */
const PAUSE_MS = 500

/**
 * The end of the sender becomes the end of FFmpeg's input; the end of FFmpeg closes the sender's connection.
 *
 * Once media come, replies wait until the sender pauses. A sender of a film has written all of it, and closed, while the system still
 * has the rest to send: a reply is then answered with a reset, and the rest is lost (with FFmpeg's acknowledgement after 2.5 MB, 172
 * of 1,500 pictures). A sender that waits for a reply pauses.
 */
export function passOn(sender: Socket, inside: Socket): Flow {
  let receivedBytes = 0
  let held: Buffer[] = []
  let timer: NodeJS.Timeout | undefined
  const release = () => {
    for (const reply of held) sender.write(reply)
    held = []
  }
  const look = () => {
    // The sender has not paused while bytes of it wait here.
    if (inside.writableNeedDrain || sender.readableLength > 0) timer = setTimeout(look, PAUSE_MS)
    else {
      timer = undefined
      release()
    }
  }
  sender.pipe(inside)
  sender.on('data', ({ length }: Buffer) => {
    receivedBytes += length
    timer?.refresh()
  })
  inside.on('data', (reply: Buffer) => {
    if (receivedBytes < MEDIA_AFTER_BYTES) return void sender.write(reply)
    held.push(reply)
    timer ??= setTimeout(look, PAUSE_MS)
  })
  inside.once('end', () => {
    release()
    sender.end()
  })
  // A connection that breaks has no `end`.
  sender.once('close', () => {
    clearTimeout(timer)
    inside.end()
  })
  inside.once('close', () => sender.destroy())
  return { listen: (heard) => void sender.on('data', heard) }
}
