/** The steps by which a session ends: its record in the bucket, and its end in Redis. Each is repeated until it succeeds. @module */
import { messageOf } from '../../errors.ts'
import { sleep } from '../../time.ts'
import { chosenFor } from './chosen.ts'
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

/**
 * Writes the playlist and the record of a session, of whatever the bucket has by now.
 *
 * @returns whether there was anything to record
 */
export async function recordEnd(
  context: StreamContext,
  session: Session,
  claim: Claim | undefined,
  { why, atMs: endedAtMs }: EndOfSession,
): Promise<boolean> {
  const { of, log } = session
  const startedAtMs = (claim?.startedAtMs ?? Date.parse(session.takes()[0]?.from ?? '')) || endedAtMs
  let isRecorded = true
  await untilDone(context, log, 'the end of a session could not be recorded', async () => {
    // So that the totals in Redis are those of the record, also of a session that others received.
    session.learn(await piecesInBucket(context.storage, of, session.pieces, context.over))
    const { losses, pieces: known } = session
    const takes = session.takes()
    const end = SESSION_ENDS.find((each) => each === why) ?? 'sender-lost'
    const { storage, ffmpeg, settings } = context
    const { join } = chosenFor(settings, session.options())
    const record = await concludeSession(
      storage,
      { of, why: end, startedAtMs, endedAtMs, ffmpeg, takes, losses, known, join },
      log,
    )
    isRecorded = record !== undefined
  })
  return isRecorded
}

/**
 * Frees the stream's name in Redis, if this process has it.
 *
 * @param isEmpty - the bucket has nothing of the session, and never will: it leaves no trace
 */
async function endInRedis(
  context: StreamContext,
  session: Session,
  claim: Claim | undefined,
  { why, atMs: endedAtMs, isEmpty }: EndOfSession & { readonly isEmpty: boolean },
): Promise<void> {
  if (!claim) return
  const { spoolBytes: _spool, ...numbers } = session.numbers()
  const { token, door, startedAtMs, take: takes } = claim
  const summary = { ...numbers, session: session.of.session, door, why, takes, startedAtMs, endedAtMs }
  await untilDone(context, session.log, 'Redis does not know yet that a session has ended', async () => {
    if (isEmpty) await context.store.withdraw(session.of.name, token)
    else await context.store.end(session.of.name, token, summary, session.lastTakes())
  })
}

/** For so long the name of a session that has ended waits for its record. */
const RECORD_FIRST_MS = 10_000

export interface Ended {
  readonly recorded: Promise<boolean>
  /** Redis knows, so that a new session may start: also when the bucket does not take the last pieces for long. */
  readonly isFree: Promise<void>
}

/** @param claim - that of this process, for as long as it has one */
export function endSession(
  context: StreamContext,
  session: Session,
  claim: () => Claim | undefined,
  end: EndOfSession,
  stopWriting: () => Promise<void>,
): Ended {
  async function record(): Promise<boolean> {
    await stopWriting()
    await session.sender.whenIdle()
    return recordEnd(context, session, claim(), end)
  }

  async function free(): Promise<void> {
    // While nobody knows what the bucket has, the session is not empty.
    const unknown = sleep(RECORD_FIRST_MS, context.over).then(() => true)
    const isRecorded = await Promise.race([recorded, unknown])
    await endInRedis(context, session, claim(), { ...end, isEmpty: !isRecorded })
  }

  const recorded = record()
  return { recorded, isFree: free() }
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
