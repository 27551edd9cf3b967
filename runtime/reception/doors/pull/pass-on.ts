/** Passes bytes on between a sender and FFmpeg, both ways. @module */
import type { Socket } from 'node:net'

export interface Flow {
  /** Calls back whenever bytes of the sender come. */
  listen(heard: () => void): void
}

/** The end of the sender becomes the end of FFmpeg's input; the end of FFmpeg closes the sender's connection. */
export function passOn(sender: Socket, inside: Socket): Flow {
  sender.pipe(inside)
  inside.pipe(sender)
  // A connection that breaks has no `end`.
  sender.once('close', () => inside.end())
  inside.once('close', () => sender.destroy())
  return { listen: (heard) => void sender.on('data', heard) }
}
