/** The steps by which a session ends: its record in the bucket, and its end in Redis. Each is repeated until it succeeds. @module */
import { messageOf } from '../../errors.ts'
import { sleep } from '../../time.ts'
import { concludeSession } from './conclude.ts'
import type { Claim, StreamContext } from '../context.ts'
import type { SessionOf } from '../names.ts'
import { piecesInBucket } from '../session/rebuild.ts'
import type { Session } from '../session/session.ts'
import { SESSION_ENDS } from '../session/session-record.ts'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000
const LOOK_MS = 2_000

export interface EndOfSession {
  readonly why: string
  readonly atMs: number
}

/** Repeats `work` until it succeeds or the process ends. */
export async function untilDone(
  { over }: Pick<StreamContext, 'over'>,
  log: StreamContext['log'],
  trouble: string,
  work: () => Promise<void>,
): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; !over.aborted; pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs))
    try {
      return await work()
    } catch (error) {
      if (!over.aborted) log.warn({ error: messageOf(error) }, `${trouble}; retrying`)
      await sleep(pauseMs, over)
    }
}

/** Writes the playlist and the record of a session, of whatever the bucket has by now. */
export function recordEnd(
  context: StreamContext,
  session: Session,
  claim: Claim | undefined,
  { why, atMs: endedAtMs }: EndOfSession,
): Promise<void> {
  const { of, log } = session
  const startedAtMs = (claim?.startedAtMs ?? Date.parse(session.takes()[0]?.from ?? '')) || endedAtMs
  return untilDone(context, log, 'the end of a session could not be recorded', async () => {
    // So that the totals in Redis are those of the record, also of a session that others received.
    session.learn(await piecesInBucket(context.storage, of, session.pieces, context.over))
    const { losses, pieces: known } = session
    const takes = session.takes()
    const end = SESSION_ENDS.find((each) => each === why) ?? 'sender-lost'
    const { storage, ffmpeg } = context
    await concludeSession(
      storage,
      { of, why: end, startedAtMs, endedAtMs, ffmpeg, takes, losses, known, join: context.settings.join },
      log,
    )
  })
}

/** Frees the stream's name in Redis, if this process has it. */
export async function endInRedis(
  context: StreamContext,
  session: Session,
  claim: Claim | undefined,
  { why, atMs: endedAtMs }: EndOfSession,
): Promise<void> {
  if (!claim) return
  const { spoolBytes: _spool, ...numbers } = session.numbers()
  const { token, door, startedAtMs, take: takes } = claim
  const summary = { ...numbers, session: session.of.session, door, why, takes, startedAtMs, endedAtMs }
  await untilDone(context, session.log, 'Redis does not know yet that a session has ended', async () => {
    await context.store.end(session.of.name, token, summary)
  })
}

/** Resolves when the session that another process owns has ended, or `isOurs` again. */
export async function endedElsewhere(
  context: StreamContext,
  log: StreamContext['log'],
  of: SessionOf,
  isOurs: () => boolean,
): Promise<void> {
  const { store, over } = context
  let unknownSinceMs: number | undefined
  await untilDone(context, log, 'the owner of a session is not known', async () => {
    while (!over.aborted && !isOurs()) {
      const state = await store.read(of.name)
      if (state && (state.session !== of.session || state.state === 'ended')) return
      // Redis may have been emptied: a living owner restores it within its lease.
      unknownSinceMs = state ? undefined : (unknownSinceMs ?? performance.now())
      if (unknownSinceMs !== undefined && performance.now() - unknownSinceMs > store.leaseMs) return
      await sleep(LOOK_MS, over)
    }
  })
}
