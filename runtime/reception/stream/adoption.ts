/** Sessions of receivers that are dead: those whose folder is on this disk, and those of which only the bucket knows. @module */
import { randomUUID } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import type { Door } from '../../function/take.ts'
import { sessionFolder, type SessionOf } from '../names.ts'
import { abandonedSessions, restoreSession, takeFolder, type Remembered } from './recover.ts'
import type { StreamContext } from '../context.ts'
import { createStream, type Stream } from './stream.ts'
import type { InTurn } from './turns.ts'

export interface AdoptionOptions {
  readonly context: StreamContext
  /** By session: all that this process has to do with. */
  readonly streams: Map<string, Stream>
  readonly inTurn: InTurn
}

interface Dead {
  readonly take: number
  readonly startedAtMs: number
  readonly deadToken?: string | undefined
  readonly door?: Door | undefined
  readonly peer?: string | undefined
  /** Its end, when the dead receiver had got so far. */
  readonly ended?: Remembered['ended']
}

export type Adoption = ReturnType<typeof createAdoption>

export function createAdoption({ context, streams, inTurn }: AdoptionOptions) {
  const { store, log } = context
  const silentMs = 2 * store.leaseMs
  /** Their folders are ours, and Redis was away when it was asked who owns them. */
  const undecided = new Map<Stream, Dead>()

  function create(of: SessionOf): Stream {
    const stream = createStream(context, of, () => streams.delete(of.session))
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
        const answer = await claimDead(stream, dead)
        if (dead.ended && answer !== 'unknown') void stream.finish(dead.ended.why, dead.ended.atMs)
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

  async function continueSession(
    stream: Stream,
    { lastTake, token: deadToken, ended }: Remembered,
  ): Promise<void> {
    const { of } = stream
    const pieces = stream.session.sender.length
    context.hooks.recovered(pieces)
    log.info(
      { stream: of.name, session: of.session, pieces },
      'a session that a dead receiver left is continued',
    )
    const { take = 1, startedAtMs = Date.now() } = lastTake ?? {}
    const answer = await claimDead(stream, {
      take,
      startedAtMs,
      deadToken,
      door: lastTake?.door,
      peer: lastTake?.peer,
      ended,
    })
    // Redis has to know of an end before a sender comes back: it would be given this session.
    if (ended && answer !== 'unknown') void stream.finish(ended.why, ended.atMs)
    else if (answer !== 'mine') void stream.sendRest()
  }

  /** `mine`: this process owns the session now, and its stream waits. `unknown`: Redis is away, and is asked again. */
  async function claimDead(stream: Stream, dead: Dead): Promise<'mine' | 'not-mine' | 'unknown'> {
    const { of } = stream
    const token = randomUUID()
    const { take, startedAtMs, deadToken, door = 'http', peer = '' } = dead
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
      stream.adopt({ token, door, peer, ...adopted, startedAtMs })
      return 'mine'
    } catch (error) {
      log.warn({ stream: of.name, error: messageOf(error) }, 'Redis did not say who owns a session')
      undecided.set(stream, dead)
      return 'unknown'
    }
  }

  /** Sessions whose receiver is gone with its disk: their record is made of what the bucket has. */
  async function endLapsed(): Promise<void> {
    const lapsed = await store.lapsed(store.leaseMs + context.settings.reconnectMs)
    for (const { name, session, take, startedAtMs, door, peer } of lapsed) {
      const isOwn = () => streams.get(session)?.claim ?? streams.get(session)?.ending
      if (isOwn()) continue
      await inTurn(name, async () => {
        if (isOwn()) return
        const known = streams.get(session)
        const stream = known ?? create({ name, session })
        if ((await claimDead(stream, { take, startedAtMs, door, peer })) === 'mine') {
          log.warn({ stream: name, session }, 'a session whose receiver is gone is ended')
          void stream.finish('receiver-lost')
        } else if (!known) streams.delete(session)
      })
    }
  }

  return { create, resume, adoptFolders, endLapsed }
}
