/** A take that runs, as every door sees it: its end, its pieces, and the time it gets to finish. @module */
import type { Take, TakeEnd } from '../../function/take.ts'
import { SECOND_MS, sleep } from '../../time.ts'
import type { EndOfTake } from '../connection.ts'

/** FFmpeg writes what it has when its input ends: milliseconds, and more on a busy machine. */
const FINISH_MS = 10 * SECOND_MS

/**
 * Ends the take's input, so that its last piece is complete, and kills it if it does not end by that: it is lost then, with what it
 * had not written.
 */
export async function finishTake(take: Take): Promise<TakeEnd> {
  const done = new AbortController()
  const hung = sleep(FINISH_MS, done.signal).then(() => {
    if (done.signal.aborted) return false
    take.kill()
    return true
  })
  take.stdin?.end()
  const end = await take.ended
  done.abort()
  return (await hung) ? { ...end, wasLost: true } : end
}

export interface TakeFacts {
  /** The sender said that the stream is over. */
  readonly isComplete: boolean
  /** Pieces that FFmpeg has closed. */
  readonly pieces: number
  /** FFmpeg was killed: there may be media in a piece that it has not closed. */
  readonly wasKilled: boolean
  /** Neither the sender nor the receiver ended FFmpeg. */
  readonly wasLost: boolean
  /** FFmpeg could not read all of it. */
  readonly stoppedReading: boolean
}

export function endOfTake({ isComplete, pieces, wasKilled, wasLost, stoppedReading }: TakeFacts): EndOfTake {
  if (wasLost) return 'ffmpeg-lost'
  if (pieces === 0 && !wasKilled) return 'no-media'
  if (stoppedReading) return 'unreadable'
  return isComplete ? 'sender-finished' : 'sender-lost'
}

/** FFmpeg's last words for a sender, or others where it said nothing. */
export function lastWords({ lastLines }: TakeEnd, otherwise: string): string {
  return lastLines.at(-1)?.trim() || otherwise
}
