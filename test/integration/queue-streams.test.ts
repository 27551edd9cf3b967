/** The owners of streams, in a real Redis whose replies get lost. */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createKeys, type Keys } from '../../runtime/queue/keys.ts'
import { connectRedis, redisNowMs } from '../../runtime/queue/redis.ts'
import type { ClaimReply, StreamClaim } from '../../runtime/queue/stream-claim.ts'
import { changedRecord, createKey, NO_RECORD, type StreamKey } from '../../runtime/queue/stream-records.ts'
import type { StreamNumbers, StreamSummary } from '../../runtime/queue/stream-state.ts'
import { createStreamStore, type StreamStore } from '../../runtime/queue/streams.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { sleep } from '../../runtime/time.ts'
import { startLossyProxy, type LossyProxy } from '../helpers/lossy-proxy.ts'
import { startTestRedis, type TestRedis } from '../helpers/servers.ts'
import { waitFor } from '../helpers/wait.ts'

const LEASE_MS = 30_000
const NUMBERS: StreamNumbers = {
  pieces: 3,
  seconds: 12,
  sizeBytes: 900,
  droppedSeconds: 4,
  gapSeconds: 5,
  gaps: 1,
  spoolBytes: 0,
}
const { spoolBytes: _, ...COUNTED } = NUMBERS

let server: TestRedis
let proxy: LossyProxy
let redis: Redis
let keys: Keys
let streams: StreamStore
/** Of owners that are silent at once. */
let impatient: StreamStore

beforeAll(async () => {
  server = await startTestRedis()
  proxy = await startLossyProxy(server.port)
  redis = connectRedis(
    `redis://127.0.0.1:${proxy.port}`,
    'command',
    createLogger({ level: 'silent', format: 'json' }),
  )
  await redis.ping()
})
afterAll(async () => {
  redis?.disconnect()
  await proxy?.stop()
  await server?.stop()
})
beforeEach(() => {
  keys = createKeys(`test-${randomUUID().slice(0, 8)}`)
  streams = createStreamStore(redis, keys, LEASE_MS)
  impatient = createStreamStore(redis, keys, 0)
})

const claimOf = (token: string, rest: Partial<StreamClaim> = {}): StreamClaim => ({
  token,
  session: `session-of-${token}`,
  door: 'http',
  peer: `peer-of-${token}`,
  takesOver: false,
  ...rest,
})
const claim = (token: string, rest: Partial<StreamClaim> = {}, store = streams) =>
  store.claim('cam', claimOf(token, rest))
async function claimed(token: string, rest: Partial<StreamClaim> = {}, store = streams) {
  const reply = await claim(token, rest, store)
  if (reply.kind !== 'claimed') throw new Error(`the stream is ${reply.kind}`)
  return reply
}
const beat = (token: string, state: 'live' | 'waiting' = 'live') =>
  streams.beat('cam', token, { state, numbers: NUMBERS })
const summaryOf = (session: string): StreamSummary => ({
  ...COUNTED,
  session,
  door: 'http',
  why: 'sender-finished',
  takes: 1,
  startedAtMs: 1,
  endedAtMs: 2,
})
const end = (token: string) => streams.end('cam', token, summaryOf(`session-of-${token}`))
const ordersOf = async (token: string) => (await streams.orders([{ name: 'cam', token }])).get('cam')

describe('a claim', () => {
  it('gives a free stream a session and its first take', async () => {
    expect(await claim('a')).toMatchObject({
      kind: 'claimed',
      session: 'session-of-a',
      take: 1,
      isResumed: false,
    })
    expect(await streams.read('cam')).toMatchObject({
      state: 'live',
      door: 'http',
      peer: 'peer-of-a',
      take: 1,
    })
  })

  it('answers the same when its reply is lost and it is sent again', async () => {
    const before = proxy.lost
    proxy.loseReplies(1)
    const first = await claim('a')
    expect(proxy.lost).toBe(before + 1)
    expect(await claim('a')).toEqual(first)
    expect(await streams.read('cam')).toMatchObject({ take: 1, takes: [{ take: 1 }] })
  })

  it('of a stream that is live is refused, and says who has it', async () => {
    await claim('a')
    expect(await claim('b')).toMatchObject({ kind: 'live', peer: 'peer-of-a', door: 'http' })
    expect(await ordersOf('a')).toMatchObject({ isLost: false })
  })

  it('may take over: the same session, the next take, a higher fence, and the one before has lost it', async () => {
    const first = await claimed('a')
    const second = await claimed('b', { takesOver: true, door: 'rtmp' })
    expect(second).toMatchObject({ session: first.session, take: 2, isResumed: true })
    expect(Number(second.fence)).toBeGreaterThan(Number(first.fence))
    expect(await beat('a')).toBe('lost')
    expect(await ordersOf('a')).toMatchObject({ isLost: true })
    expect(await streams.read('cam')).toMatchObject({ take: 2, door: 'rtmp', numbers: undefined })
  })

  it('continues the session of an owner that is silent for longer than its lease', async () => {
    await claim('a')
    expect(await claim('b', {}, impatient)).toMatchObject({
      session: 'session-of-a',
      take: 2,
      isResumed: true,
    })
    expect(await beat('a')).toBe('lost')
  })

  it('continues a session that waits, also of another owner', async () => {
    await claim('a')
    await beat('a', 'waiting')
    expect(await claim('b')).toMatchObject({ session: 'session-of-a', take: 2, isResumed: true })
  })

  it('starts a new session where the last one was ended', async () => {
    const first = await claimed('a')
    await end('a')
    const second = await claimed('b')
    expect(second).toMatchObject({ session: 'session-of-b', take: 1, isResumed: false })
    expect(Number(second.fence)).toBeGreaterThan(Number(first.fence))
    expect(await streams.read('cam')).toMatchObject({
      state: 'live',
      endedAtMs: undefined,
      summary: undefined,
    })
  })

  it('has one winner of 50 at once', async () => {
    const replies = await Promise.all(Array.from({ length: 50 }, (_, n) => claim(`t${n}`)))
    expect(replies.filter(({ kind }) => kind === 'claimed')).toHaveLength(1)
  })

  it('has one owner and 50 takes when 50 at once take over', async () => {
    const tokens = Array.from({ length: 50 }, (_, n) => `t${n}`)
    const replies = await Promise.all(tokens.map((token) => claimed(token, { takesOver: true })))
    expect(new Set(replies.map(({ take }) => take))).toHaveProperty('size', 50)
    expect(new Set(replies.map(({ session }) => session))).toHaveProperty('size', 1)
    const owners = await Promise.all(tokens.map((token) => beat(token)))
    expect(owners.filter((answer) => answer === 'ok')).toHaveLength(1)
  })

  it('can continue a session of which an emptied Redis knows nothing', async () => {
    expect(await claim('a', { session: 's', firstTake: 7 })).toMatchObject({ session: 's', take: 7 })
    await beat('a', 'waiting')
    expect(await claim('b')).toMatchObject({ session: 's', take: 8 })
  })
})

describe('a beat', () => {
  it('stores the numbers of the session, and renews the lease', async () => {
    await claim('a')
    const before = await streams.read('cam')
    await sleep(5)
    expect(await beat('a')).toBe('ok')
    const after = await streams.read('cam')
    expect(after).toMatchObject({ numbers: NUMBERS })
    expect(after?.beatAtMs).toBeGreaterThan(before?.beatAtMs ?? Infinity)
  })

  it('that comes after the end revives nothing', async () => {
    await claim('a')
    await end('a')
    expect(await beat('a')).toBe('lost')
    expect(await streams.list()).toEqual([])
  })

  it('restores the stream in a Redis that was emptied, unless another has claimed it', async () => {
    const reply = await claimed('a')
    const restoring = { state: 'live', numbers: NUMBERS, claimed: { ...reply, ...claimOf('a') } } as const
    await redis.del(keys.streamState('cam'), keys.activeStreams)
    expect(await ordersOf('a')).toMatchObject({ isLost: false })
    expect(await beat('a')).toBe('lost')
    expect(await streams.beat('cam', 'a', restoring)).toBe('ok')
    expect(await streams.list()).toMatchObject([
      { session: 'session-of-a', take: 1, peer: 'peer-of-a', startedAtMs: reply.startedAtMs },
    ])
    expect(await claim('b')).toMatchObject({ kind: 'live' })

    await redis.del(keys.streamState('cam'))
    await claim('b')
    expect(await streams.beat('cam', 'a', restoring)).toBe('lost')
  })
})

describe('the end', () => {
  it('is in the history once, also when it is sent again', async () => {
    await claim('a')
    proxy.loseReplies(1)
    expect(await end('a')).toBe(true)
    expect(await end('a')).toBe(true)
    expect(await streams.history('cam')).toEqual([summaryOf('session-of-a')])
    expect(await streams.read('cam')).toMatchObject({ state: 'ended', summary: { why: 'sender-finished' } })
  })

  it('of a session that was live while Redis was emptied is known again', async () => {
    await claim('a')
    await redis.del(keys.streamState('cam'), keys.activeStreams)
    expect(await end('a')).toBe(true)
    expect(await streams.read('cam')).toMatchObject({
      state: 'ended',
      session: 'session-of-a',
      startedAtMs: 1,
    })
    expect(await streams.history('cam')).toHaveLength(1)
  })

  it('is refused to an owner that has lost the stream', async () => {
    await claim('a')
    await claim('b', { takesOver: true })
    expect(await end('a')).toBe(false)
    expect(await streams.read('cam')).toMatchObject({ state: 'live' })
    expect(await streams.history('cam')).toEqual([])
  })

  it('of more than 50 sessions leaves the last 50 in the history', async () => {
    for (let n = 1; n <= 53; n++) {
      await claim(`${n}`)
      await end(`${n}`)
    }
    const sessions = (await streams.history('cam')).map(({ session }) => session)
    expect(sessions).toHaveLength(50)
    expect([sessions[0], sessions.at(-1)]).toEqual(['session-of-53', 'session-of-4'])
  })
})

describe('a session that received nothing', () => {
  const withdraw = (token: string) => streams.withdraw('cam', token)

  it('gives its name back to the session before it, which nothing shows to have been away', async () => {
    await claim('a')
    await end('a')
    const before = await streams.read('cam')
    await claim('b')
    proxy.loseReplies(1)
    expect(await withdraw('b')).toBe(true)
    expect(await withdraw('b')).toBe(true)
    expect(await streams.read('cam')).toEqual(before)
    expect((await streams.history('cam')).map(({ session }) => session)).toEqual(['session-of-a'])
    expect((await streams.ended(10)).map(({ name }) => name)).toEqual(['cam'])
    expect(await streams.list()).toEqual([])
    expect(await claim('c')).toMatchObject({ session: 'session-of-c', take: 1, isResumed: false })
  })

  it('leaves no trace of a name that had none before, and its fence grows all the same', async () => {
    const first = await claimed('a')
    expect(await withdraw('a')).toBe(true)
    expect(await withdraw('a')).toBe(true)
    expect(await streams.read('cam')).toBeUndefined()
    expect([await streams.history('cam'), await streams.ended(10), await streams.list()]).toEqual([
      [],
      [],
      [],
    ])
    expect(await redis.pttl(keys.streamState('cam'))).toBeLessThanOrEqual(60_000)
    const late = { state: 'live', numbers: NUMBERS, claimed: { ...first, ...claimOf('a') } } as const
    expect(await streams.beat('cam', 'a', late)).toBe('lost')
    expect(Number((await claimed('b')).fence)).toBeGreaterThan(Number(first.fence))
  })

  it('is not withdrawn by an owner that has lost it', async () => {
    await claim('a')
    await claim('b', { takesOver: true })
    expect(await withdraw('a')).toBe(false)
    expect(await streams.read('cam')).toMatchObject({ state: 'live', take: 2 })
  })
})

describe('the takes of a session', () => {
  const endsOf = async () => (await streams.read('cam'))?.takes.map(({ take, end: how }) => [take, how])
  const takeOf = (take: number, how?: string) =>
    ({ take, door: 'http', peer: 'p', atMs: take, end: how }) as const

  it('have how they ended, as their owner says with its beats and at the end', async () => {
    await claim('a')
    expect(await endsOf()).toEqual([[1, undefined]])
    const waits = { state: 'waiting', numbers: NUMBERS, takes: [takeOf(1, 'sender-lost')] } as const
    await streams.beat('cam', 'a', waits)
    expect(await endsOf()).toEqual([[1, 'sender-lost']])
    await claim('b')
    await streams.end('cam', 'b', summaryOf('session-of-a'), [takeOf(2, 'sender-finished')])
    expect(await endsOf()).toEqual([
      [1, 'sender-lost'],
      [2, 'sender-finished'],
    ])
  })

  it('are known again when Redis was emptied', async () => {
    const reply = await claimed('a')
    await redis.del(keys.streamState('cam'))
    const takes = [takeOf(1, 'clock'), takeOf(2)]
    await streams.beat('cam', 'a', {
      state: 'live',
      numbers: NUMBERS,
      takes,
      claimed: { ...reply, ...claimOf('a') },
    })
    expect((await streams.read('cam'))?.takes).toEqual(takes)
  })

  it('say who ended them when their owner cannot: another sender, or the loss of the receiver', async () => {
    await claim('a')
    await claim('b', { takesOver: true })
    await claim('c', {}, impatient)
    await impatient.adopt('cam', { token: 'd', session: 'session-of-a', take: 1, startedAtMs: 1 })
    expect(await endsOf()).toEqual([
      [1, 'taken-over'],
      [2, 'receiver-lost'],
      [3, 'receiver-lost'],
    ])
  })
})

describe('a Redis that has lost its last second', () => {
  /** The state as it was when only `a` had claimed. */
  async function rolledBack(...later: readonly string[]): Promise<void> {
    await claim('a')
    const old = await redis.hgetall(keys.streamState('cam'))
    for (const token of later) await claim(token, { takesOver: true })
    await redis.del(keys.streamState('cam'))
    await redis.hset(keys.streamState('cam'), old)
  }

  it('gives no take twice to a receiver that knows of more takes', async () => {
    await rolledBack('b', 'c')
    expect(await claim('d', { takesOver: true, session: 'session-of-a', firstTake: 4 })).toMatchObject({
      take: 4,
    })
  })

  it('learns the last take from a receiver that adopts the session', async () => {
    await rolledBack('b', 'c')
    const adoption = { token: 'x', session: 'session-of-a', take: 3, startedAtMs: 5 }
    expect(await streams.adopt('cam', { ...adoption, deadToken: 'a' })).toMatchObject({ take: 3 })
    expect(await claim('d')).toMatchObject({ take: 4 })
  })
})

it('names the sender that has a name, for as long as the lease of its receiver holds', async () => {
  expect(await streams.holder('cam')).toBeUndefined()
  await claim('a')
  expect(await streams.holder('cam')).toMatchObject({ peer: 'peer-of-a', door: 'http' })
  await sleep(5)
  expect(await impatient.holder('cam')).toBeUndefined()
  await beat('a', 'waiting')
  expect(await streams.holder('cam')).toBeUndefined()
})

describe('an adoption', () => {
  const adopt = (store: StreamStore, rest = {}) =>
    store.adopt('cam', { token: 'x', session: 'session-of-a', take: 4, startedAtMs: 5, ...rest })

  it('takes a session from a silent owner, and leaves it to wait without a take', async () => {
    await claim('a')
    expect(await adopt(streams)).toBeUndefined()
    const adopted = await adopt(impatient, { take: 1 })
    expect(adopted).toMatchObject({ take: 1 })
    expect(await adopt(impatient)).toEqual(adopted)
    expect(await beat('a')).toBe('lost')
    expect(await streams.read('cam')).toMatchObject({ state: 'waiting', take: 1 })
    expect(await claim('b')).toMatchObject({ session: 'session-of-a', take: 2 })
  })

  it('need not wait for the lease of an owner that is known to be dead', async () => {
    await claim('a')
    expect(await adopt(streams, { deadToken: 'b' })).toBeUndefined()
    expect(await adopt(streams, { deadToken: 'a', take: 1 })).toMatchObject({ take: 1 })
  })

  it('finds nothing to adopt in another session, or in one that was ended', async () => {
    await claim('a')
    expect(await adopt(impatient, { session: 'other' })).toBeUndefined()
    await end('a')
    expect(await adopt(impatient, { deadToken: 'a' })).toBeUndefined()
  })

  it('restores a session of which an emptied Redis knows nothing', async () => {
    expect(await adopt(streams)).toMatchObject({ take: 4 })
    expect(await streams.list()).toMatchObject([
      { state: 'waiting', session: 'session-of-a', startedAtMs: 5 },
    ])
    expect(await claim('b')).toMatchObject({ session: 'session-of-a', take: 5 })
  })
})

describe('orders', () => {
  it('tell the owner of a stop, and mean this session only', async () => {
    expect(await streams.requestStop('cam')).toBeUndefined()
    await claim('a')
    expect(await ordersOf('a')).toMatchObject({ isLost: false, isStopped: false, isKeyRevoked: false })
    expect(await streams.requestStop('cam')).toBe('session-of-a')
    expect(await ordersOf('a')).toMatchObject({ isStopped: true })
    expect(await streams.read('cam')).toMatchObject({ isStopping: true })
    await claim('b', { takesOver: true })
    expect(await ordersOf('b'), 'the next take of that session').toMatchObject({ isStopped: true })
    await end('b')
    expect(await streams.requestStop('cam')).toBeUndefined()
    await claim('c')
    expect(await ordersOf('c')).toMatchObject({ isLost: false, isStopped: false })
  })

  it('have the age of the session, also in its later takes', async () => {
    await claim('a')
    const { startedAtMs } = (await streams.read('cam')) ?? {}
    await claim('b', { takesOver: true })
    await waitFor(async () => (await ordersOf('b'))?.sessionMs, { timeoutMs: 5_000, what: 'an age' })
    const age = (await ordersOf('b'))?.sessionMs ?? 0
    expect((await redisNowMs(redis)) - (startedAtMs ?? 0)).toBeGreaterThanOrEqual(age)
    expect(await streams.read('cam')).toMatchObject({ startedAtMs })
  })

  it('tell of a key that was revoked, of this stream or of all', async () => {
    const { key } = createKey(1)
    const record = (name: string, stored: StreamKey) =>
      publish(name, { ...NO_RECORD, revision: stored.revokedAtMs ?? 0, keys: [stored] })
    for (const name of ['cam', '*']) {
      await record(name, key)
      await claim('a', { keyId: key.id, takesOver: true })
      expect(await ordersOf('a')).toMatchObject({ isKeyRevoked: false })
      await record(name, { ...key, revokedAtMs: 2 })
      expect(await ordersOf('a')).toMatchObject({ isKeyRevoked: true })
      await record(name, key)
    }
  })
})

async function publish(name: string, record: Parameters<typeof changedRecord>[0]): Promise<void> {
  expect(await streams.setRecord(name, JSON.stringify(record), await streams.record(name))).toBe(true)
}

describe('a key', () => {
  it('opens its own stream, or all, until it is revoked or has expired', async () => {
    const [own, all] = [createKey(Date.now()), createKey(Date.now())]
    await publish('cam', { ...NO_RECORD, keys: [own.key] })
    await publish('*', { ...NO_RECORD, keys: [all.key] })
    await streams.completed()
    expect(await streams.checkKey('cam', own.secret)).toEqual({ kind: 'right', keyId: own.key.id })
    expect(await streams.checkKey('door', own.secret)).toEqual({ kind: 'wrong' })
    expect(await streams.checkKey('door', all.secret)).toEqual({ kind: 'right', keyId: all.key.id })
    await publish('cam', { ...NO_RECORD, keys: [{ ...own.key, revokedAtMs: 1 }] })
    expect(await streams.checkKey('cam', own.secret)).toEqual({ kind: 'revoked' })
    await publish('cam', { ...NO_RECORD, keys: [{ ...own.key, expiresAtMs: Date.now() - 60_000 }] })
    expect(await streams.checkKey('cam', own.secret)).toEqual({ kind: 'expired' })
  })

  it('is unknown rather than wrong while an emptied Redis lacks the records', async () => {
    expect(await streams.checkKey('cam', 'anything')).toEqual({ kind: 'unknown' })
    await streams.completed()
    expect(await streams.checkKey('cam', 'anything')).toEqual({ kind: 'wrong' })
  })
})

it('lists streams that are live or wait, and those whose owner is silent', async () => {
  for (const name of ['b', 'a', 'c']) await streams.claim(name, claimOf(name))
  await streams.beat('b', 'b', { state: 'waiting', numbers: NUMBERS })
  await streams.end('c', 'c', summaryOf('s'))
  const list = await streams.list()
  expect(list.map(({ name, state }) => [name, state])).toEqual([
    ['a', 'live'],
    ['b', 'waiting'],
  ])
  expect(await streams.silent(60_000)).toEqual([])
  await sleep(5)
  expect((await streams.silent(1)).map(({ name }) => name).toSorted()).toEqual(['a', 'b'])
})

it('counts a stream as lapsed only when its owner stays silent for a lease of contact with Redis', async () => {
  const lease = createStreamStore(redis, keys, 1_500)
  await claim('a')
  await streams.claim('other', claimOf('b'))
  await sleep(50)
  // As after an outage of Redis: both are late, and only one comes back.
  expect(await lease.lapsed(1)).toEqual([])
  await streams.beat('other', 'b', { state: 'live', numbers: NUMBERS })
  expect(await lease.lapsed(1)).toEqual([])
  const lapsed = await waitFor(
    async () => {
      const found = await lease.lapsed(1)
      return found.length > 0 && found
    },
    { timeoutMs: 10_000, what: 'the lapse' },
  )
  expect(lapsed[0]).toMatchObject({ name: 'cam', session: 'session-of-a' })
})

it('keeps nothing for ever: every key expires, and a name whose stream is forgotten leaves the list', async () => {
  await claim('a')
  await beat('a')
  expect(await redis.pttl(keys.streamState('cam'))).toBeGreaterThan(LEASE_MS)
  await end('a')
  for (const key of [keys.streamState('cam'), keys.streamHistory('cam')])
    expect(await redis.pttl(key)).toBeGreaterThan(LEASE_MS)
  expect(await redis.exists(keys.activeStreams)).toBe(0)

  const forgetful = createStreamStore(redis, keys, 0, 1)
  await forgetful.claim('gone', claimOf('g'))
  await forgetful.adopt('away', { token: 'w', session: 's', take: 1, startedAtMs: 1 })
  await sleep(20)
  expect(await streams.list()).toEqual([])
  expect(await redis.exists(keys.activeStreams)).toBe(0)
})

it('lists streams that have ended, the newest first, and remembers 1,000 of them', async () => {
  // Those of one millisecond are in the order of their names.
  const nameOf = (n: number) => `s${String(n).padStart(4, '0')}`
  for (let n = 1; n <= 1_002; n++) {
    await streams.claim(nameOf(n), claimOf('a'))
    await streams.end(nameOf(n), 'a', summaryOf('s'))
  }
  const names = (await streams.ended(5_000)).map(({ name }) => name)
  expect(names).toHaveLength(1_000)
  expect([names[0], names.at(-1)]).toEqual(['s1002', 's0003'])
  expect(await redis.exists(keys.streamState('s0002'), keys.streamHistory('s0002'))).toBe(0)
  await streams.claim('s1002', claimOf('b'))
  expect((await streams.ended(1)).map(({ name }) => name)).toEqual(['s1001'])
})

it('remembers the last 20 takes of a session, with their peers', async () => {
  let reply: ClaimReply | undefined
  for (let n = 1; n <= 25; n++) reply = await claim(`t${n}`, { takesOver: true })
  expect(reply).toMatchObject({ take: 25 })
  const takes = (await streams.read('cam'))?.takes ?? []
  expect(takes.map(({ take }) => take)).toEqual(Array.from({ length: 20 }, (_, n) => n + 6))
  expect(takes.at(-1)).toMatchObject({ peer: 'peer-of-t25', door: 'http' })
})
