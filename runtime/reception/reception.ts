/**
 * The engine behind the doors: admits senders, keeps the streams of this process, and does once a second what they need: the orders
 * from Redis, heartbeats, the disk, and what other receivers have left.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { mkdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import type { MediaReception } from '../function/take.ts'
import { sleep } from '../time.ts'
import type { Admission, Reception, RefusalReason, Sender } from './connection.ts'
import { NO_HOOKS, type ReceptionHooks } from './hooks.ts'
import { createAdoption } from './stream/adoption.ts'
import { isStreamName, newSession } from './names.ts'
import { NAME_RULE } from '../settings/streams.ts'
import { createSpool } from './spool/spool.ts'
import type { StreamContext } from './context.ts'
import type { Stream } from './stream/stream.ts'
import { createTurns } from './stream/turns.ts'

export interface ReceptionOptions extends Pick<StreamContext, 'storage' | 'store' | 'log'> {
  readonly media: Pick<MediaReception, 'measure' | 'abilities'>
  readonly hooks?: ReceptionHooks
  readonly settings: StreamContext['settings'] & {
    readonly spoolDir: string
    readonly spoolLimitBytes: number
    /** Senders at a time. */
    readonly most: number
  }
  /** For tests. @defaultValue that of the disk */
  readonly freePart?: (dir: string) => Promise<number>
}

export interface ReceptionNumbers {
  readonly live: number
  readonly waiting: number
  readonly spoolBytes: number
  readonly spoolLimitBytes: number
}

export interface RunningReception extends Reception {
  numbers(): ReceptionNumbers
  /** Admits nobody any more, cuts all takes, and sends what it can within `drainMs`; the rest is for the next receiver on this disk. */
  drain(drainMs: number): Promise<void>
}

const TICK_MS = 1_000
/** A take that is cut to make room for the next one has so long to end. */
const HANDOVER_MS = 5_000
/** A session that has ended has so long to be recorded, and its name to be free. */
const FREE_MS = 15_000
const REDIS_AWAY = 'the receiver cannot reach Redis, which knows who sends what; try again later'

/** Takes over what a dead receiver left on this disk before it returns, so that senders find their sessions. */
export async function startReception(options: ReceptionOptions): Promise<RunningReception> {
  const { store, settings, log, hooks = NO_HOOKS } = options
  const { spoolDir, spoolLimitBytes: limitBytes } = settings
  const over = new AbortController()
  const spool = createSpool({
    dir: spoolDir,
    limitBytes,
    ...(options.freePart && { freePart: options.freePart }),
  })
  const { ffmpeg } = await options.media.abilities()
  const context: StreamContext = { ...options, hooks, spool, ffmpeg, over: over.signal }
  /** By session: all that this process has to do with. */
  const streams = new Map<string, Stream>()
  const inTurn = createTurns()
  let isDraining = false
  /** Senders whose claims are on their way to Redis. */
  let admitting = 0

  const owned = () => [...streams.values()].filter(({ claim, ending }) => claim && !ending)
  const ownerOf = (name: string) => owned().find(({ of }) => of.name === name)

  const refuse = ({ door }: Sender, reason: RefusalReason, message: string): Admission => {
    hooks.refused(door, reason)
    return { kind: 'refused', reason, message }
  }

  /** The bytes of a sender that waits for longer would be bounded by nothing. */
  const isFreeSoon = ({ isFree }: { readonly isFree: Promise<void> }) =>
    Promise.race([isFree.then(() => true), sleep(FREE_MS, over.signal).then(() => false)])

  async function admit(sender: Sender): Promise<Admission> {
    const { name, door, peer, takesOver, keyId } = sender
    const before = ownerOf(name)
    if (before?.current) {
      if (!takesOver)
        return refuse(sender, 'live', `${before.claim?.peer} is sending the stream "${name}" already`)
      before.current.cut('taken-over')
      await Promise.race([before.current.ended, sleep(HANDOVER_MS, over.signal)])
    }
    for (const stream of streams.values())
      if (stream.of.name === name && stream.ending && stream.claim && !(await isFreeSoon(stream.ending)))
        return refuse(sender, 'redis', REDIS_AWAY)
    const live = [...streams.values()].filter(({ current }) => current).length + admitting
    if (live >= settings.most)
      return refuse(
        sender,
        'limit',
        `${live} streams are being received, as many as may be at a time (SLUICE_STREAMS_MAX); try again later`,
      )
    const mine = ownerOf(name)
    const token = randomUUID()
    const session = mine?.of.session ?? newSession(Date.now())
    const firstTake = (mine?.claim?.take ?? 0) + 1
    admitting++
    try {
      const reply = await store.claim(name, {
        token,
        session,
        firstTake,
        door,
        peer,
        takesOver,
        ...(keyId !== undefined && { keyId }),
      })
      if (reply.kind === 'live')
        return refuse(
          sender,
          'live',
          `${reply.peer} is sending the stream "${name}" already, to another receiver`,
        )
      const { take, fence, startedAtMs } = reply
      const of = { name, session: reply.session }
      // This process has lost it meanwhile, and did not know.
      if (mine && mine.of.session !== of.session) mine.lose()
      const known = streams.get(of.session)
      const isKnown = !reply.isResumed || (known?.claim !== undefined && known.claim.take === take - 1)
      const claim = { token, door, peer, keyId, take, fence, startedAtMs }
      const stream = known ?? (reply.isResumed ? await adoption.resume(of) : adoption.create(of))
      const connection = await stream.connect(sender, claim, isKnown)
      log.info({ stream: name, session: of.session, take, door, peer }, 'a sender was admitted')
      return { kind: 'admitted', connection }
    } catch (error) {
      log.warn({ stream: name, error: messageOf(error) }, 'a sender could not be admitted')
      const isDisk =
        typeof (error as NodeJS.ErrnoException).syscall === 'string' &&
        (error as NodeJS.ErrnoException).path !== undefined
      return isDisk
        ? refuse(sender, 'disk', "the receiver's disk cannot be written; try again later")
        : refuse(sender, 'redis', REDIS_AWAY)
    } finally {
      admitting--
    }
  }

  const adoption = createAdoption({ context, streams, inTurn })

  async function obeyOrders(): Promise<void> {
    const mine = owned().flatMap((stream) =>
      stream.claim ? [{ stream, name: stream.of.name, token: stream.claim.token }] : [],
    )
    const orders = await store.orders(mine)
    for (const { stream, name, token } of mine) {
      const order = orders.get(name)
      if (order && stream.claim?.token === token) stream.obey(order)
    }
  }

  async function beatAll(): Promise<void> {
    const now = new Date()
    for (const { session } of streams.values())
      // A receiver that starts on another host with this disk cannot see whether this process lives.
      await utimes(join(session.folder, 'owner.json'), now, now).catch(() => undefined)
    await Promise.all(owned().map((stream) => stream.beat()))
  }

  const rounds = [
    { name: 'the orders for streams could not be read', everyMs: TICK_MS, work: obeyOrders },
    { name: 'a heartbeat of a stream failed', everyMs: store.leaseMs / 3, work: beatAll },
    {
      name: 'the disk of the spool could not be looked at',
      everyMs: TICK_MS,
      work: () => spool.lookAtDisk(),
    },
    {
      name: 'the folders of dead receivers could not be looked at',
      everyMs: store.leaseMs / 3,
      work: adoption.adoptFolders,
    },
    {
      name: 'the sessions of lost receivers could not be ended',
      everyMs: store.leaseMs / 3,
      work: adoption.endLapsed,
    },
  ]

  async function repeat({ name, everyMs, work }: (typeof rounds)[number]): Promise<void> {
    while (!over.signal.aborted) {
      await sleep(everyMs, over.signal)
      if (over.signal.aborted || (isDraining && work !== beatAll)) continue
      await work().catch((error: unknown) => log.warn({ error: messageOf(error) }, name))
    }
  }

  await mkdir(spoolDir, { recursive: true, mode: 0o700 })
  await spool.lookAtDisk()
  await adoption.adoptFolders()
  const running = rounds.map(repeat)
  const ticking = setInterval(() => {
    for (const { current } of streams.values()) current?.tick(Date.now())
  }, TICK_MS)

  return {
    async admit(sender) {
      if (!isStreamName(sender.name))
        return refuse(sender, 'name', `"${sender.name}" is not a name for a stream: ${NAME_RULE}`)
      if (isDraining) return refuse(sender, 'draining', 'the receiver shuts down; try again in a moment')
      return inTurn(sender.name, () => admit(sender))
    },
    numbers() {
      const all = [...streams.values()]
      return {
        live: all.filter(({ phase }) => phase === 'live').length,
        waiting: all.filter(({ phase }) => phase === 'waiting').length,
        spoolBytes: spool.usedBytes,
        spoolLimitBytes: limitBytes,
      }
    },
    async drain(drainMs) {
      isDraining = true
      const all = [...streams.values()]
      for (const { current } of all) current?.cut('draining')
      const sent = all.map(async (stream) => {
        await stream.current?.ended
        await stream.session.sender.whenIdle()
        await stream.ending?.isFree
        await stream.settled()
      })
      await Promise.race([Promise.all(sent), sleep(drainMs, over.signal)])
      await Promise.all(owned().map((stream) => stream.beat())).catch((error: unknown) =>
        log.warn({ error: messageOf(error) }, 'Redis does not know that streams wait'),
      )
      over.abort()
      clearInterval(ticking)
      await Promise.all(running)
      for (const { session } of streams.values()) await session.release()
    },
  }
}
