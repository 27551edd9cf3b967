/**
 * Where verdicts are, as Redis knows it, so that a commit looks for an older one only where one may be. The writer of a verdict
 * notes its place before the write and again after it, before it looks for a result that outdates it; a commit asks with the
 * fence, and once more in the script that ends its run. In either order one of the two finds the other.
 * @module
 */
import { createHash } from 'node:crypto'
import { batchesOf } from '../amounts.ts'
import { verdictPlaceId, type Keys } from './keys.ts'
import type { Redis } from './redis.ts'
import type { RunScript } from './scripts.ts'
import type { Settlement, TurnReply, TurnRequest } from './turn.ts'

export interface VerdictPlace {
  readonly verdictBucket: string
  readonly verdictKey: string
}

export interface FenceAnswer {
  readonly isOwner: boolean
  /** The last note of a verdict that is at the place, or may be soon. */
  readonly mark?: string
  /** Set when there is no verdict: for the settlement, which asks again. */
  readonly unlooked?: string
}

/** A reading of the bucket: it counts only if Redis still knows at its end that it was begun. */
export interface Reading {
  readonly serverId: string
  readonly token: string
}

const FORGOTTEN_AT_ONCE = 500
/** The field of `scripts/note_verdicts.lua` that makes marks differ. */
const COUNTER = '#'

/** Each may be sent twice. */
export function createVerdictPlaces(redis: Redis, keys: Keys, script: RunScript) {
  const server = watchServer(redis)

  return {
    /** Whether this attempt is the newest of its run, and what is known of a verdict at `place`. */
    async fence(
      { runId, fence, token }: { readonly runId: string; readonly fence: string; readonly token: string },
      place: VerdictPlace,
    ): Promise<FenceAnswer> {
      const asked = `${idOf(place)} ${server.id}`
      const [answer, known] = (await script('fence', [runId, fence, token, asked])) as [string, string]
      return {
        isOwner: answer === 'ok',
        ...(known === '' ? { unlooked: asked } : known !== 'unknown' && { mark: known }),
      }
    },

    /**
     * Has settlements ask the server that answers now: since the fence another may have taken over, which lacks the last notes. A turn that
     * was on its way when the connection was lost is sent again as it was: its reply says so.
     */
    async askedNow(
      request: TurnRequest,
      take: (request: TurnRequest) => Promise<TurnReply>,
    ): Promise<TurnReply> {
      const { id, connection } = server
      const now = (each: Settlement): Settlement =>
        each.kind !== 'complete' || each.unlooked === undefined || each.unlooked.endsWith(` ${id}`)
          ? each
          : { ...each, unlooked: `${each.unlooked.slice(0, PLACE_LETTERS)} ${id}` }
      const reply = await take({ ...request, settlements: request.settlements.map(now) })
      return connection === server.connection ? reply : { ...reply, wasSentAgain: true }
    },

    async noteVerdicts(places: readonly VerdictPlace[]): Promise<void> {
      if (places.length > 0) await script('note_verdicts', places.map(idOf))
    },

    /** There was no verdict, by a look later than the note with this mark. */
    async verdictGone(place: VerdictPlace, mark: string): Promise<void> {
      await script('verdict_gone', [idOf(place), mark])
    },

    /** Forgets the notes from before this time: a reading has renewed those of verdicts that are there. */
    async forgetVerdicts(beforeMs: number): Promise<void> {
      for await (const found of redis.hscanStream(keys.verdictPlaces, { count: FORGOTTEN_AT_ONCE })) {
        const old = [...batchesOf(found as string[], 2)].filter(
          ([id, mark = '']) => id !== COUNTER && Number.parseFloat(mark) * 1_000 < beforeMs,
        )
        // A small hash comes whole, however many were asked for.
        for (const some of batchesOf(old, FORGOTTEN_AT_ONCE)) await script('verdict_gone', some.flat())
      }
    },

    /**
     * Keeps it known for `forMs` that all verdicts are noted; false when it is not known.
     *
     * @param functionNames - whose workers are examined: one of an older release notes nothing
     */
    keepVerdictsKnown: async (forMs: number, functionNames: readonly string[]): Promise<boolean> =>
      server.id !== '' &&
      (await script('know_verdicts', ['keep', server.id, '', forMs, ...functionNames])) === 1,

    /** Undefined while it is not certain which server answers, or an older worker serves. */
    async beginReading(
      token: string,
      forMs: number,
      functionNames: readonly string[],
    ): Promise<Reading | undefined> {
      const { id: serverId } = server
      if (serverId === '') return undefined
      const isBegun = await script('know_verdicts', ['begin', serverId, token, forMs, ...functionNames])
      return isBegun === 1 ? { serverId, token } : undefined
    },

    /** All verdicts from before {@link beginReading} are noted: it is known for `forMs` from now. False when it does not count. */
    endReading: async (
      { serverId, token }: Reading,
      forMs: number,
      functionNames: readonly string[],
    ): Promise<boolean> =>
      (await script('know_verdicts', ['end', serverId, token, forMs, ...functionNames])) === 1,
  }
}

function idOf({ verdictBucket, verdictKey }: VerdictPlace): string {
  return verdictPlaceId(verdictBucket, verdictKey)
}

/** Of the hash of a place. */
const PLACE_LETTERS = 32

interface Server {
  readonly id: string
  /** Another one after each loss. */
  readonly connection: number
}

/** One watch of each connection. */
const watched = new WeakMap<Redis, Server>()

/**
 * The identity of the server behind the connection and of its data: another server, the same one started again, and one that took
 * over the data of another have another. Empty while it is unknown, and where the account may not ask.
 */
function watchServer(redis: Redis): Server {
  const before = watched.get(redis)
  if (before) return before
  const server = { id: '', connection: 0 }
  watched.set(redis, server)
  const ask = async () => {
    const mine = server.connection
    const texts = [await redis.info('server'), await redis.info('replication')].join('\n')
    const ids = ['run_id', 'master_replid'].map((name) => new RegExp(`^${name}:(\\w+)`, 'm').exec(texts)?.[1])
    // Else the answers may be of two servers.
    if (mine === server.connection && ids.every((id) => id !== undefined))
      server.id = createHash('sha256').update(ids.join(' ')).digest('hex').slice(0, 16)
  }
  // Without an answer every commit looks for itself.
  const tryToAsk = () => void ask().catch(() => undefined)
  redis.on('close', () => {
    server.connection++
    server.id = ''
  })
  redis.on('ready', tryToAsk)
  if (redis.status === 'ready') tryToAsk()
  return server
}
