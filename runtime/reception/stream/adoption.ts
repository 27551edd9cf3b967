/** Sessions of receivers that are dead: those whose folder is on this disk, and those of which only the bucket knows. @module */
import { randomUUID } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import type { Door } from '../../function/take.ts'
import { sessionFolder, type SessionOf } from '../names.ts'
import { abandonedSessions, restoreSession, takeFolder, type Remembered } from './recover.ts'
import type { StreamContext } from '../context.ts'
import { endAfter } from './cut.ts'
import type { EndOfSession } from './ending.ts'
import { createStream, type Stream } from './stream.ts'
import type { InTurn } from './turns.ts'

export interface AdoptionOptions {
  readonly context: StreamContext
  /** By session: all that this process has to do with. */
  readonly streams: Map<string, Stream>
  readonly inTurn: InTurn
}

/** The facts about a session whose receiver is dead. */
interface Dead {
  readonly take: number
  readonly startedAtMs: number
  readonly deadToken?: string | undefined
  readonly door?: Door | undefined
  readonly peer?: string | undefined
  /** The end of its last take. */
  readonly takeEnd: string | undefined
  /** Its end, when the dead receiver had got so far, or its sender stayed away for too long. */
  readonly ended: EndOfSession | undefined
}

export type Adoption = ReturnType<typeof createAdoption>

export function createAdoption({ context, streams, inTurn }: AdoptionOptions) {
  const { store, log } = context
  const silentMs = 2 * store.leaseMs
  /** Their folders are ours, and Redis was away when it was asked who owns them. */
  const undecided = new Map<Stream, Dead>()
  /** When Redis did not answer. It takes its time, and a start with many folders must not wait as often. */
  let unansweredAtMs = -Infinity

  function create(of: SessionOf): Stream {
    const stream = createStream(context, of, { inTurn, onGone: () => streams.delete(of.session) })
    streams.set(of.session, stream)
    return stream
  }

  /**
   * A session that its sender continues here. What a dead receiver left of it on this disk is sent too: its folder may be too young
   * to be adopted, when nobody can tell whether that receiver lives (another host's, as each container is).
   */
  async function resume(of: SessionOf): Promise<Stream> {
    const stream = create(of)
    try {
      await stream.open()
      await restoreSession(stream.session)
      const pieces = stream.session.sender.length
      if (pieces > 0) context.hooks.recovered(pieces)
      return stream
    } catch (error) {
      await stream.session.release().catch(() => undefined)
      streams.delete(of.session)
      throw error
    }
  }

  /** Continues what dead receivers left on this disk. */
  async function adoptFolders(): Promise<void> {
    // A copy: one that Redis does not answer for comes back.
    const asked = [...undecided]
    undecided.clear()
    for (const [stream, dead] of asked)
      await inTurn(stream.of.name, async () => {
        if (stream.claim || stream.ending) return
        if ((await claimDead(stream, dead)) === 'mine') finishIfEnded(stream, dead)
      })
    for (const of of await abandonedSessions(context.spool.dir, silentMs))
      if (!streams.has(of.session)) await inTurn(of.name, () => adoptFolder(of))
  }

  async function adoptFolder(of: SessionOf): Promise<void> {
    if (streams.has(of.session) || !(await takeFolder(sessionFolder(context.spool.dir, of), silentMs))) return
    const stream = create(of)
    try {
      await stream.open()
      await continueSession(stream, await restoreSession(stream.session))
    } catch (error) {
      // The next round tries again.
      await stream.session.release().catch(() => undefined)
      streams.delete(of.session)
      log.error(
        { stream: of.name, session: of.session, error: messageOf(error) },
        'a session that a dead receiver left could not be read',
      )
    }
  }

  async function continueSession(stream: Stream, remembered: Remembered): Promise<void> {
    const { of, session } = stream
    const pieces = session.sender.length
    context.hooks.recovered(pieces)
    log.info(
      { stream: of.name, session: of.session, pieces },
      'a session that a dead receiver left is continued',
    )
    const { token: deadToken, ...rest } = remembered
    await settle(stream, { ...rest, deadToken, takeEnd: session.takes().at(-1)?.end })
  }

  /** Its owner ends a session; others send what they have of it, and never record an end while somebody else receives it. */
  async function settle(stream: Stream, dead: Dead): Promise<void> {
    if ((await claimDead(stream, dead)) === 'mine') finishIfEnded(stream, dead)
    // Until Redis has answered too: what is on this disk does not wait.
    else void stream.sendRest(dead.ended)
  }

  /** Redis knows of the owner now, so that a sender that comes back gets a new session. */
  function finishIfEnded(stream: Stream, { ended }: Dead): void {
    if (ended) void stream.finish(ended.why, ended.atMs)
  }

  /** `mine`: this process owns the session now, and its stream waits. `unknown`: Redis is away, and is asked again. */
  async function claimDead(stream: Stream, dead: Dead): Promise<'mine' | 'not-mine' | 'unknown'> {
    const { of } = stream
    if (performance.now() - unansweredAtMs < store.leaseMs / 6) {
      undecided.set(stream, dead)
      return 'unknown'
    }
    const token = randomUUID()
    const { take, startedAtMs, deadToken, door = 'http', peer = '', takeEnd } = dead
    try {
      const options = {
        token,
        session: of.session,
        take,
        startedAtMs,
        ...(deadToken !== undefined && { deadToken }),
      }
      const adopted = await store.adopt(of.name, options)
      if (!adopted) return 'not-mine'
      stream.adopt({ token, door, peer, ...adopted, startedAtMs }, endAfter(takeEnd))
      return 'mine'
    } catch (error) {
      log.warn({ stream: of.name, error: messageOf(error) }, 'Redis did not say who owns a session')
      unansweredAtMs = performance.now()
      undecided.set(stream, dead)
      return 'unknown'
    }
  }

  /**
   * Sessions whose receiver is gone with its disk: their record is made of what the bucket has. They get a folder here, so that the
   * next receiver on this disk records them if this one dies before it could.
   */
  async function endLapsed(): Promise<void> {
    const lapsed = await store.lapsed(store.leaseMs + context.settings.reconnectMs)
    for (const { name, session, take, startedAtMs, door, peer, state, takes } of lapsed) {
      const isOwn = () => streams.get(session)?.claim ?? streams.get(session)?.ending
      if (isOwn()) continue
      await inTurn(name, async () => {
        if (isOwn()) return
        const takeEnd = state === 'live' ? 'receiver-lost' : takes.at(-1)?.end
        const ended = { why: endAfter(takeEnd), atMs: Date.now() }
        const stream = streams.get(session) ?? (await resume({ name, session }))
        log.warn({ stream: name, session }, 'a session whose receiver is silent is to be ended')
        await settle(stream, { take, startedAtMs, door, peer, takeEnd, ended })
      })
    }
  }

  return { create, resume, adoptFolders, endLapsed }
}
