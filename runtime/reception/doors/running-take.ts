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

export interface TakeFacts extends Pick<TakeEnd, 'wasLost' | 'stoppedReading' | 'isDiskFull'> {
  /** The sender said that the stream is over. */
  readonly isComplete: boolean
  /** Pieces that FFmpeg has closed. */
  readonly pieces: number
  /** FFmpeg was killed: there may be media in a piece that it has not closed. */
  readonly wasKilled: boolean
  /** FFmpeg's own verdict on what it read and wrote: a sender that finished must not be told that all is stored when this is not 0. */
  readonly code: TakeEnd['code']
}

export function endOfTake(facts: TakeFacts): EndOfTake {
  const { isComplete, pieces, wasKilled, wasLost, stoppedReading, isDiskFull, code } = facts
  if (wasLost) return 'ffmpeg-lost'
  if (isDiskFull) return 'disk-full'
  if (pieces === 0 && !wasKilled) return 'no-media'
  if (stoppedReading) return 'unreadable'
  if (!isComplete) return 'sender-lost'
  return code === 0 ? 'sender-finished' : 'unreadable'
}

/** FFmpeg's last words for a sender, or others where it said nothing. */
export function lastWords({ lastLines }: TakeEnd, otherwise: string): string {
  return lastLines.at(-1)?.trim() || otherwise
}
