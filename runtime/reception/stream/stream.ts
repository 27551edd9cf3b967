/**
 * One session in this process, with its claim in Redis: who sends, who waits, when it ends, and who may write its playlist.
 * @module
 */
import { messageOf } from '../../errors.ts'
import type { StreamOrders } from '../../queue/stream-claim.ts'
import type { Connection, EndOfTake, Sender, Summary } from '../connection.ts'
import { connectTake, type CurrentTake } from './connect-take.ts'
import type { Claim, StreamContext } from '../context.ts'
import { chosenFor } from './chosen.ts'
import { endAfter, endBy, orderedCut, type CutKind } from './cut.ts'
import { endedElsewhere, endSession, recordEnd, untilDone, type Ended, type EndOfSession } from './ending.ts'
import { createLearning } from './learning.ts'
import type { SessionOf } from '../names.ts'
import { createPlaylistWriter } from '../playlist/playlist-writer.ts'
import { createSession } from '../session/session.ts'
import type { SessionEnd } from '../session/session-record.ts'
import type { InTurn } from './turns.ts'

/** Within this part of its lease a process that does not hear from Redis still owns its streams. */
const SURE_PART_OF_LEASE = 0.8
/** `sending`: its owner is another process, or it has ended; what is on this disk is still sent. */
export type StreamPhase = 'live' | 'waiting' | 'sending' | 'gone'

export type Stream = ReturnType<typeof createStream>

export interface StreamParts {
  readonly inTurn: InTurn
  /** Called when nothing of it is left here. */
  readonly onGone: () => void
}

export function createStream(context: StreamContext, of: SessionOf, { inTurn, onGone }: StreamParts) {
  const { storage, store, settings, spool } = context
  const session = createSession(context, of, () => writer.publish())
  const learning = createLearning(context, session, () => writer.publish())
  const { log } = session
  const chosen = (options = session.options()) => chosenFor(settings, options)
  let phase: StreamPhase = 'sending'
  let claim: Claim | undefined
  let sureUntilMs = 0
  let isOnDisk = false
  let timer: NodeJS.Timeout | undefined
  let ending: Ended | undefined
  let current: CurrentTake | undefined

  const newWriter = (options = session.options()) =>
    createPlaylistWriter({
      storage,
      of,
      windowSeconds: settings.windowMs / 1_000,
      pieceSeconds: chosen(options).pieceSeconds,
      entries: () => (learning.isDone ? session.shown() : []),
      mayWriteForMs: () => (claim && !ending ? sureUntilMs - performance.now() : 0),
      confirm: () =>
        beat().catch((error: unknown) => log.warn({ error: messageOf(error) }, 'no answer from Redis')),
      log,
    })
  let writer = newWriter()

  async function beat(): Promise<void> {
    if (!claim || ending) return
    const atMs = performance.now()
    const { token } = claim
    const state = phase === 'live' ? 'live' : 'waiting'
    const claimed = { ...claim, session: of.session }
    const said = { state, numbers: session.numbers(), takes: session.lastTakes(), claimed } as const
    const reply = await store.beat(of.name, token, said)
    // An answer about an earlier claim says nothing of this one.
    if (claim?.token !== token) return
    if (reply === 'lost') return lose()
    sureUntilMs = Math.max(sureUntilMs, atMs + store.leaseMs * SURE_PART_OF_LEASE)
    writer.publish()
  }

  /** Another process owns the session: ours are its pieces, and nothing else. */
  function lose(): void {
    if (!claim) return
    claim = undefined
    sureUntilMs = 0
    clearTimeout(timer)
    log.warn('another receiver has this stream now')
    phase = 'sending'
    current?.cut('lease-lost')
    void writer.stop()
    void sendRest()
  }

  function own(granted: Claim): void {
    claim = granted
    sureUntilMs = performance.now() + store.leaseMs * SURE_PART_OF_LEASE
  }

  function wait(how: SessionEnd): void {
    phase = 'waiting'
    clearTimeout(timer)
    timer = setTimeout(() => void endWaiting(how), chosen().reconnectMs)
    void beat().catch((error: unknown) =>
      log.warn({ error: messageOf(error) }, 'Redis does not know yet that a stream waits'),
    )
  }

  /** Not while a sender is being admitted: Redis may have given it the session already. */
  function endWaiting(why: string): Promise<void> {
    return inTurn(of.name, () => {
      if (claim && !current && !context.over.aborted) void finish(why)
      return Promise.resolve()
    })
  }

  /** Ends the session. Resolves when its name is free: as a rule with everything recorded. */
  function finish(why: string, atMs = Date.now()): Promise<void> {
    if (ending) return ending.isFree
    clearTimeout(timer)
    phase = 'sending'
    const end = { why, atMs }
    session.note({ kind: 'ended', ...end })
    ending = endSession(
      context,
      session,
      () => claim,
      end,
      () => writer.stop(),
    )
    void Promise.all([ending.recorded, ending.isFree]).then(leave)
    return ending.isFree
  }

  /**
   * Sends what is on this disk; adds it to the record when the session's owner has ended it.
   *
   * @param end - its end, where nobody else has recorded one
   */
  async function sendRest(end?: EndOfSession): Promise<void> {
    await current?.ended
    await session.sender.whenIdle()
    await endedElsewhere(context, log, of, () => claim !== undefined || ending !== undefined)
    if (claim || ending) return
    const unknown = () => ({ why: endAfter(session.takes().at(-1)?.end), atMs: Date.now() })
    await recordEnd(context, session, claim, end ?? unknown())
    await leave()
  }

  async function leave(): Promise<void> {
    if (context.over.aborted || phase === 'gone') return
    if (isOnDisk)
      await untilDone(context, log, 'the folder of a session could not be given up', () =>
        session.giveUpFolder(),
      )
    phase = 'gone'
    onGone()
  }

  /** A take has ended: the session waits for the next one, unless this was the last. */
  async function onEnd(
    how: EndOfTake,
    kind: CutKind | undefined,
    ended: CurrentTake,
  ): Promise<Summary | undefined> {
    if (current === ended) current = undefined
    if (!claim || current) return undefined
    const isEmpty = learning.isDone && session.pieces.length === 0 && session.losses.length === 0
    const why = endBy(kind, how, isEmpty)
    if (why === undefined) {
      wait(endAfter(kind ?? how))
      return undefined
    }
    const { pieces, seconds, sizeBytes, droppedSeconds } = session.numbers()
    await finish(why)
    return { session: of.session, pieces, seconds, sizeBytes, droppedSeconds }
  }

  const self = {
    of,
    session,
    get phase() {
      return phase
    },
    get claim() {
      return claim
    },
    get current() {
      return current
    },
    get ending() {
      return ending
    },
    beat,
    lose,
    finish,
    /** Takes over the session of a dead owner: it waits for its sender. */
    adopt(granted: Claim, why: SessionEnd): void {
      own(granted)
      const { token, take, startedAtMs } = granted
      session.note({ kind: 'adopted', token, take, startedAtMs })
      writer = newWriter()
      void learning.learn()
      wait(why)
    },
    sendRest,
    /** Resolves when the playlist names what the bucket has. */
    settled: () => writer.idle(),
    /** This process's disk keeps it. */
    async open(): Promise<void> {
      if (!isOnDisk) await session.open()
      isOnDisk = true
    },

    /** The orders for this stream, once a second. */
    obey({ isLost, ...orders }: StreamOrders): void {
      if (ending) return
      if (isLost) return lose()
      const kind = orderedCut(orders, chosen().sessionMs)
      if (current && kind) current.cut(kind)
      else if (kind) void endWaiting(kind)
    },

    async connect(sender: Sender, granted: Claim, isKnown: boolean): Promise<Connection> {
      if (ending) throw new Error('the session is being ended')
      clearTimeout(timer)
      if (!claim) writer = newWriter(sender.options)
      own(granted)
      phase = 'live'
      if (!isKnown) void learning.learn()
      const { take, token, fence, startedAtMs } = granted
      const { door, peer, keyId, options = {} } = sender
      const key = keyId === undefined ? {} : { keyId }
      try {
        await self.open()
        const facts = { take, token, fence, startedAtMs, atMs: Date.now(), options }
        await session.beginTake({ ...facts, door, peer, ...key })
      } catch (error) {
        // The disk refuses: the session is there all the same, and ends like one whose sender left.
        wait('sender-lost')
        throw error
      }
      const { pieceSeconds } = chosen()
      const connected = connectTake({ session, spool, pieceSeconds, sender, take, onEnd })
      current = connected.current
      return connected.connection
    },
  }
  return self
}
