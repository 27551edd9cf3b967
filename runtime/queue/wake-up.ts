/** Waiting for news from Redis instead of polling: the intake for the inbox, workers for the channel `wake`. @module */
import type { Keys } from './keys.ts'
import type { Redis } from './redis.ts'

interface InboxWait {
  /** The head of the inbox; undefined when none came in time, or it is longer than allowed. */
  wait(inbox: string, seconds: number): Promise<Buffer | undefined>
}

/** The bytes of a reply beside its text. */
const FRAME_BYTES = 64

/**
 * Waits until the inbox has something by moving its head onto itself, so that nothing can be lost. The reply is the head
 * itself; of one that is too long for a notification only the first bytes are let in.
 *
 * @param blocking - a connection of its own
 */
export function createInboxWait(blocking: Redis, maxBytes: number): InboxWait {
  let bytes = 0
  let isTooLong = false
  /** For each connection, as a wait outlives one that is cut. */
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
      // The last wait was given up because of a text that is too long.
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

interface WakeUpListener {
  /** The subscription is there (again): words may have been missed before. */
  readonly onReady: () => void
  /** To all workers. */
  readonly onWord: (word: string) => void
  /** To this one: there is something to claim for a function. */
  readonly onWork: (functionName: string) => void
  readonly onRefused: (error: Error) => void
}

/**
 * @param subscriber - a connection of its own
 * @returns a function that stops the words about work: other workers get them then
 */
export function subscribeToWakeUps(
  subscriber: Redis,
  { wake, wakeOf }: Keys,
  consumer: string,
  { onReady, onWord, onWork, onRefused }: WakeUpListener,
): () => void {
  const own = wakeOf(consumer)
  let channels = [wake, own]
  subscriber.on('ready', () => {
    subscriber.subscribe(...channels).then(onReady, onRefused)
  })
  subscriber.on('message', (channel, word: string) => (channel === own ? onWork(word) : onWord(word)))
  return () => {
    channels = [wake]
    subscriber.unsubscribe(own).catch(() => undefined)
  }
}
