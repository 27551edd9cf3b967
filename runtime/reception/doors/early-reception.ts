/** Receives from a sender that was admitted while FFmpeg was running, until one of them ends it. @module */
import { SECOND_MS } from '../../time.ts'
import type { Connection, EndOfTake, Summary } from '../connection.ts'
import type { EarlyParts, EarlyTake } from './early-take.ts'
import { endOfTake } from './running-take.ts'
import { watchSilence } from './silence.ts'

export interface EarlyReception {
  readonly early: EarlyTake
  readonly connection: Connection
  /** Calls back at each sign of life of the sender. */
  readonly listen: (heard: () => void) => void
  /** Ends the sender's connection: FFmpeg ends by that, or is killed. */
  readonly hangUp: () => void
  /** The end of a take that was not cut. @defaultValue 'sender-lost' */
  readonly usualEnd?: EndOfTake
  /** For the record of the take, in addition to FFmpeg's last lines. */
  readonly notes?: () => readonly string[]
}

export interface Received {
  readonly how: EndOfTake
  readonly lastLines: readonly string[]
  /** Given when the session has ended. */
  readonly summary: Summary | undefined
}

export async function receiveEarly(
  { settings, log }: EarlyParts,
  { early, connection, listen, hangUp, usualEnd = 'sender-lost', notes = () => [] }: EarlyReception,
): Promise<Received> {
  let wasCut = false
  let finished: ReturnType<typeof early.finish> | undefined
  const finish = () => (finished ??= early.finish())
  const cut = () => {
    wasCut = true
    hangUp()
    void finish()
  }
  const silence = watchSilence({
    timeoutMs: settings.stallMs,
    isOurs: () => connection.isBraked,
    onSilent() {
      const { name, session, take } = connection
      log.warn(
        { stream: name, session, take },
        `nothing came for ${settings.stallMs / SECOND_MS} s: the connection is cut`,
      )
      cut()
    },
  })
  listen(() => silence.heard())
  connection.cut.addEventListener('abort', cut)
  if (connection.cut.aborted) cut()
  await early.take.ended
  silence.stop()
  connection.cut.removeEventListener('abort', cut)
  const end = await finish()
  const wasKilled = end.signal !== null
  const wasLost = end.wasLost && !wasCut
  const usual = endOfTake({ ...end, isComplete: false, pieces: early.pieces(), wasKilled, wasLost })
  const how = usual !== 'sender-lost' || wasCut ? usual : usualEnd
  const lastLines = [...end.lastLines, ...notes()]
  const summary = await connection.end(how, { ...end, lastLines })
  return { how, lastLines, summary }
}
