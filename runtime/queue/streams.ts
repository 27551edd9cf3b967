/**
 * The owners of streams, in Redis by its clock: one receiver at a time has a stream, for a lease that its beats renew. A claim
 * gives the session and the number of the take, so two receivers can never write the same key. The scripts may be sent twice.
 * @module
 */
import type { Door } from '../function/take.ts'
import { DAY_MS } from '../time.ts'
import type { Keys } from './keys.ts'
import { redisNowMs, type Redis } from './redis.ts'
import { createScripts } from './scripts.ts'
import type { ClaimReply, StreamAdoption, StreamBeat, StreamClaim, StreamOrders } from './stream-claim.ts'
import { createRecordCopies, keysFor } from './stream-copies.ts'
import { createPullFailures } from './stream-pulls.ts'
import { ANY_STREAM } from './stream-records.ts'
import {
  parseStreamState,
  takesText,
  type StreamState,
  type StreamSummary,
  type StreamTake,
} from './stream-state.ts'

/** Sessions of which the history tells. */
const HISTORY_LENGTH = 50
/** For how long a stream is remembered after its end, or after the last beat of an owner that was lost. */
const REMEMBERED_MS = 7 * DAY_MS

export type StreamStore = ReturnType<typeof createStreamStore>

/** @param leaseMs - after which a live stream without a beat may be claimed by others */
export function createStreamStore(redis: Redis, keys: Keys, leaseMs: number, rememberedMs = REMEMBERED_MS) {
  const script = createScripts(redis, keys.prefix)
  const records = createRecordCopies(redis, keys)

  async function readAll(names: readonly string[]): Promise<readonly (StreamState | undefined)[]> {
    const pipeline = redis.pipeline()
    for (const name of names) pipeline.hgetall(keys.streamState(name))
    const replies = (await pipeline.exec()) ?? []
    return replies.map(([error, fields], index) => {
      if (error) throw error
      return parseStreamState(names[index] as string, fields as Record<string, string>)
    })
  }

  /** Their state was forgotten: their owner was silent for days. */
  async function known(names: readonly string[]): Promise<readonly StreamState[]> {
    const states = await readAll(names)
    const forgotten = names.filter((_, index) => !states[index])
    if (forgotten.length > 0) await redis.zrem(keys.activeStreams, ...forgotten)
    return states.filter(isKnown)
  }

  /** Streams whose owner has been silent for longer than this. */
  async function silent(afterMs: number): Promise<readonly StreamState[]> {
    const untilMs = (await redisNowMs(redis)) - afterMs
    return known(await redis.zrangebyscore(keys.activeStreams, '-inf', `(${untilMs}`))
  }

  /** By stream and beat: when this process saw first that no later one came. */
  const silentSinceMs = new Map<string, number>()

  return {
    ...records,
    ...createPullFailures(redis, keys),
    leaseMs,
    /** The key of its state, for people who have to look at it. */
    keyOf: (name: string): string => keys.streamState(name),
    /** For one take of a sender. A stream that waits keeps its session, and so does one that is taken over. */
    async claim(name: string, claim: StreamClaim): Promise<ClaimReply> {
      const { token, session, firstTake = 1, door, peer, takesOver, keyId = '' } = claim
      const flags = [takesOver ? 1 : 0, session, firstTake, door, peer, keyId]
      const reply = await script('claim_stream', [name, token, leaseMs, rememberedMs, ...flags])
      const [isClaimed, ...row] = reply as [number, string, string, string, string, string]
      if (isClaimed !== 1)
        return { kind: 'live', peer: row[0], door: row[1] as Door, sinceMs: Number(row[2]) }
      const [given, take, fence, isResumed, startedAt] = row
      return {
        kind: 'claimed',
        session: given,
        take: Number(take),
        fence,
        isResumed: isResumed === '1',
        startedAtMs: Number(startedAt),
      }
    },

    /**
     * Takes over a session whose owner is dead or silent, without a take: the stream waits, and the caller may end it.
     * Undefined when it has an owner, was ended, or has another session by now.
     */
    async adopt(
      name: string,
      { token, session, deadToken = '', take, startedAtMs }: StreamAdoption,
    ): Promise<{ readonly take: number; readonly fence: string } | undefined> {
      const args = [name, token, leaseMs, rememberedMs, session, deadToken, take, startedAtMs]
      const [isAdopted, last, fence] = (await script('adopt_stream', args)) as [number, string, string]
      return isAdopted === 1 ? { take: Number(last), fence } : undefined
    },

    async beat(
      name: string,
      token: string,
      { state, numbers, takes = [], claimed }: StreamBeat,
    ): Promise<'ok' | 'lost'> {
      const fields = claimed && {
        session: claimed.session,
        take: claimed.take,
        fence: claimed.fence,
        startedAt: claimed.startedAtMs,
        takeAt: claimed.startedAtMs,
        door: claimed.door,
        peer: claimed.peer,
        keyId: claimed.keyId ?? '',
        isResumed: 0,
      }
      const restored = Object.entries(fields ?? {}).flat()
      const said = [state, JSON.stringify(numbers), rememberedMs, takesText(takes)]
      const args = [name, token, ...said, ...restored]
      return (await script('beat_stream', args)) === 1 ? 'ok' : 'lost'
    },

    /** Ends the session that this token owns; false when another has the stream by now. */
    async end(
      name: string,
      token: string,
      summary: StreamSummary,
      takes: readonly StreamTake[] = [],
    ): Promise<boolean> {
      const args = [name, token, JSON.stringify(summary), rememberedMs, HISTORY_LENGTH, takesText(takes)]
      return (await script('end_stream', args)) === 1
    },

    /**
     * Ends the session that this token owns and that has received nothing: no list and no history shows it, and the session before
     * it is the last one again. False when another has the stream by now.
     */
    withdraw: async (name: string, token: string): Promise<boolean> =>
      (await script('withdraw_stream', [name, token])) === 1,

    /** The sender that is live under a name, by the clock and the lease of Redis; undefined when it is free. */
    async holder(name: string): Promise<Pick<StreamState, 'peer' | 'door'> | undefined> {
      const [[state], nowMs] = await Promise.all([readAll([name]), redisNowMs(redis)])
      return state?.state === 'live' && state.beatAtMs + leaseMs > nowMs ? state : undefined
    },

    /** For the owner of these streams, once a second. */
    async orders(
      owned: readonly { readonly name: string; readonly token: string }[],
    ): Promise<ReadonlyMap<string, StreamOrders>> {
      if (owned.length === 0) return new Map()
      const pipeline = redis.pipeline()
      for (const { name } of owned)
        pipeline.hmget(keys.streamState(name), 'token', 'state', 'session', 'stop', 'keyId', 'startedAt')
      const names = [...owned.map(({ name }) => name), ANY_STREAM]
      const [replies, texts, nowMs] = await Promise.all([
        pipeline.exec(),
        records.copies(names),
        redisNowMs(redis),
      ])
      const orders = owned.map(({ name, token }, index) => {
        const [error, row] = (replies ?? [])[index] ?? []
        if (error) throw error
        const [owner, state, session, stop, keyId, startedAt] = row as (string | null)[]
        const used = keysFor(name, texts).filter(({ id }) => id === keyId)
        const found = {
          // A Redis that was emptied knows no owner: the next beat restores it.
          isLost: state !== null && (owner !== token || state === 'ended'),
          isStopped: owner === token && stop !== null && stop === session,
          isKeyRevoked: used.some(({ revokedAtMs }) => revokedAtMs !== undefined),
          sessionMs: startedAt ? nowMs - Number(startedAt) : 0,
        }
        return [name, found] as const
      })
      return new Map(orders)
    },

    /** Live and waiting streams, by name. */
    async list(): Promise<readonly StreamState[]> {
      const names = await redis.zrange(keys.activeStreams, '0', '-1')
      return known(names.toSorted())
    },

    /** Streams whose last session has ended, the newest first. */
    async ended(limit: number): Promise<readonly StreamState[]> {
      const names = await redis.zrevrange(keys.endedStreams, 0, limit - 1)
      return (await readAll(names)).filter(isKnown).filter(({ state }) => state === 'ended')
    },

    /** Also one that has ended, for a week. */
    read: async (name: string): Promise<StreamState | undefined> => (await readAll([name]))[0],

    /** The last 50 sessions that have ended, newest first. */
    async history(name: string): Promise<readonly StreamSummary[]> {
      const texts = await redis.lrange(keys.streamHistory(name), 0, -1)
      return texts.toReversed().map((text) => JSON.parse(text) as StreamSummary)
    },

    /** The session that will be ended; undefined when none is live or waits. */
    requestStop: async (name: string): Promise<string | undefined> =>
      ((await script('stop_stream', [name])) as string) || undefined,

    silent,

    /**
     * Streams whose owner has been silent for longer than this: {@link adopt} and end them. While Redis was away no owner could be
     * heard, and live ones need time to be: only those that stay silent for another lease, as this process sees it, are lapsed.
     */
    async lapsed(afterMs: number): Promise<readonly StreamState[]> {
      const states = await silent(afterMs)
      const nowMs = performance.now()
      const before = new Map(silentSinceMs)
      silentSinceMs.clear()
      for (const { name, beatAtMs } of states) {
        const beat = `${name} ${beatAtMs}`
        silentSinceMs.set(beat, before.get(beat) ?? nowMs)
      }
      return states.filter(
        ({ name, beatAtMs }) => nowMs - (silentSinceMs.get(`${name} ${beatAtMs}`) ?? nowMs) >= leaseMs,
      )
    },
  }
}

function isKnown(state: StreamState | undefined): state is StreamState {
  return state !== undefined
}
