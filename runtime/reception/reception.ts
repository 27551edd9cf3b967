/** The engine behind the doors: admits senders, and keeps the streams of this process. @module */
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { messageOf } from '../errors.ts'
import type { MediaReception } from '../function/take.ts'
import type { StreamNumbers } from '../queue/stream-state.ts'
import { sleep } from '../time.ts'
import type { Admission, Reception, Refusal, RefusalReason, Sender } from './connection.ts'
import { NO_HOOKS, type ReceptionHooks } from './hooks.ts'
import { createAdoption } from './stream/adoption.ts'
import { isStreamName, newSession } from './names.ts'
import { NAME_RULE } from '../settings/streams.ts'
import { REDIS_AWAY, redisTrouble } from './redis-trouble.ts'
import { createRounds } from './rounds.ts'
import { createSpool, type Disk } from './spool/spool.ts'
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
  readonly disk?: (dir: string) => Promise<Disk>
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

/** A take that is cut to make room for the next one has so long to end. */
const HANDOVER_MS = 5_000
/** A session that has ended has so long to be recorded, and its name to be free. */
const FREE_MS = 15_000
const NO_NUMBERS: StreamNumbers = {
  pieces: 0,
  seconds: 0,
  sizeBytes: 0,
  droppedSeconds: 0,
  gapSeconds: 0,
  gaps: 0,
  spoolBytes: 0,
}

/** Takes over what a dead receiver left on this disk before it returns, so that senders find their sessions. */
export async function startReception(options: ReceptionOptions): Promise<RunningReception> {
  const { store, settings, log, hooks = NO_HOOKS } = options
  const { spoolDir, spoolLimitBytes: limitBytes } = settings
  const over = new AbortController()
  const spool = createSpool({
    dir: spoolDir,
    limitBytes,
    ...(options.disk && { disk: options.disk }),
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

  const refuse = ({ door }: Sender, reason: RefusalReason, message: string): Refusal => {
    hooks.refused(door, reason)
    return { kind: 'refused', reason, message }
  }

  const refuseFor = (sender: Sender, error: unknown): Refusal => {
    const { name } = sender
    log.warn({ stream: name, error: messageOf(error) }, 'a sender could not be admitted')
    return refuse(sender, 'redis', redisTrouble(name, store.keyOf(name), error))
  }

  /** The bytes of a sender that waits for longer would be bounded by nothing. */
  const isFreeSoon = ({ isFree }: { readonly isFree: Promise<void> }) =>
    Promise.race([isFree.then(() => true), sleep(FREE_MS, over.signal).then(() => false)])

  const liveNow = () => [...streams.values()].filter(({ current }) => current).length + admitting

  const limitReached = (sender: Sender) =>
    refuse(
      sender,
      'limit',
      `${settings.most} streams are being received, as many as may be at a time (SLUICE_STREAMS_MAX); try again later`,
    )

  const isLiveAlready = (sender: Sender, peer: string | undefined, where = '') =>
    refuse(sender, 'live', `${peer} is sending the stream "${sender.name}" already${where}`)

  /** The refusal that this sender would meet, as far as it is known without a claim. */
  async function refusalOf(sender: Sender): Promise<Refusal | undefined> {
    const { name, takesOver } = sender
    const mine = ownerOf(name)
    if (mine?.current) return takesOver ? undefined : isLiveAlready(sender, mine.claim?.peer)
    if (liveNow() >= settings.most) return limitReached(sender)
    // Also one that is being ended: its name is free in a moment.
    const isOurs = [...streams.values()].some(({ of, claim }) => of.name === name && claim)
    try {
      const holder = await store.holder(name)
      if (!holder || takesOver || isOurs) return undefined
      return isLiveAlready(sender, holder.peer, ', to another receiver')
    } catch (error) {
      return refuseFor(sender, error)
    }
  }

  /** A claim without an answer may have been granted: its sender is refused, and must not find the name taken when it comes again. */
  function letWait(name: string, token: string): void {
    store.beat(name, token, { state: 'waiting', numbers: NO_NUMBERS }).catch(() => undefined)
  }

  async function admit(sender: Sender): Promise<Admission> {
    const { name, door, peer, takesOver, keyId } = sender
    const before = ownerOf(name)
    if (before?.current) {
      if (!takesOver) return isLiveAlready(sender, before.claim?.peer)
      before.current.cut('taken-over')
      await Promise.race([before.current.ended, sleep(HANDOVER_MS, over.signal)])
    }
    for (const stream of streams.values())
      if (stream.of.name === name && stream.ending && stream.claim && !(await isFreeSoon(stream.ending)))
        return refuse(sender, 'redis', REDIS_AWAY)
    if (liveNow() >= settings.most) return limitReached(sender)
    const mine = ownerOf(name)
    const token = randomUUID()
    const session = mine?.of.session ?? newSession(Date.now())
    const firstTake = (mine?.claim?.take ?? 0) + 1
    admitting++
    try {
      const claiming = store.claim(name, {
        token,
        session,
        firstTake,
        door,
        peer,
        takesOver,
        ...(keyId !== undefined && { keyId }),
      })
      const reply = await claiming.catch((error: unknown) => {
        letWait(name, token)
        throw error
      })
      if (reply.kind === 'live') return isLiveAlready(sender, reply.peer, ', to another receiver')
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
      const isDisk =
        typeof (error as NodeJS.ErrnoException).syscall === 'string' &&
        (error as NodeJS.ErrnoException).path !== undefined
      if (!isDisk) return refuseFor(sender, error)
      log.warn({ stream: name, error: messageOf(error) }, 'a sender could not be admitted')
      return refuse(sender, 'disk', "the receiver's disk cannot be written; try again later")
    } finally {
      admitting--
    }
  }

  const adoption = createAdoption({ context, streams, inTurn })

  const rounds = createRounds({ context, streams, owned, adoption, isDraining: () => isDraining })

  await mkdir(spoolDir, { recursive: true, mode: 0o700 })
  await spool.lookAtDisk()
  await adoption.adoptFolders()
  const running = rounds.start()

  const refusedAtOnce = (sender: Sender): Refusal | undefined => {
    if (!isStreamName(sender.name))
      return refuse(sender, 'name', `"${sender.name}" is not a name for a stream: ${NAME_RULE}`)
    return isDraining
      ? refuse(sender, 'draining', 'the receiver shuts down; try again in a moment')
      : undefined
  }

  return {
    ask: async (sender) => refusedAtOnce(sender) ?? (await refusalOf(sender)),
    admit: async (sender) => refusedAtOnce(sender) ?? (await inTurn(sender.name, () => admit(sender))),
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
      await running
      for (const { session } of streams.values()) await session.release()
    },
  }
}
