/** A model of the ownership of a stream, and random steps that Redis and the model take together. @module */
import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import type { Keys } from '../../runtime/queue/keys.ts'
import type { StreamNumbers, StreamSummary } from '../../runtime/queue/stream-state.ts'
import { createStreamStore, type StreamStore } from '../../runtime/queue/streams.ts'

const NUMBERS: StreamNumbers = {
  pieces: 1,
  seconds: 1,
  sizeBytes: 1,
  droppedSeconds: 0,
  gapSeconds: 0,
  gaps: 0,
  spoolBytes: 0,
}
const { spoolBytes: _, ...COUNTED } = NUMBERS
/** Each is the token of one receiver's last claim; a claim makes a new one. */
const RECEIVERS = ['r1', 'r2', 'r3'] as const
type Receiver = (typeof RECEIVERS)[number]

interface Model {
  state: 'none' | 'live' | 'waiting' | 'ended'
  token: string
  session: string
  take: number
  isSilent: boolean
  stop: string
  /** The session that has the name again when this one receives nothing. */
  before: Pick<Model, 'session' | 'take'> | undefined
  readonly history: string[]
}

export interface World {
  readonly redis: Redis
  readonly stateKey: string
  readonly model: Model
  readonly store: StreamStore
  readonly tokens: Map<Receiver, string>
  readonly given: Set<string>
  claims: number
  lastFence: number
}

export type Step =
  | { readonly kind: 'claim'; readonly by: Receiver; readonly takesOver: boolean }
  | { readonly kind: 'beat'; readonly by: Receiver; readonly state: 'live' | 'waiting' }
  | { readonly kind: 'end' | 'withdraw'; readonly by: Receiver }
  | { readonly kind: 'adopt'; readonly by: Receiver; readonly of: Receiver | undefined }
  | { readonly kind: 'silence' | 'stop' }

const receiver = fc.constantFrom(...RECEIVERS)
export const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), by: receiver, takesOver: fc.boolean() }),
  fc.record({
    kind: fc.constant('beat' as const),
    by: receiver,
    state: fc.constantFrom('live' as const, 'waiting' as const),
  }),
  fc.record({ kind: fc.constantFrom('end' as const, 'withdraw' as const), by: receiver }),
  fc.record({
    kind: fc.constant('adopt' as const),
    by: receiver,
    of: fc.option(receiver, { nil: undefined }),
  }),
  fc.record({ kind: fc.constantFrom('silence' as const, 'stop' as const) }),
)

const isOpen = ({ state }: Model) => state === 'live' || state === 'waiting'

/** Sent twice, as ioredis does when a reply is lost: the second answer is that of the first. */
async function twice<T>(send: () => Promise<T>): Promise<T> {
  const answer = await send()
  expect(await send()).toEqual(answer)
  return answer
}

export async function perform(world: World, what: Step): Promise<void> {
  const { model, store, tokens } = world
  switch (what.kind) {
    case 'claim': {
      const token = `${what.by}-${++world.claims}`
      const isHeld = model.state === 'live' && !model.isSilent && !what.takesOver
      const reply = await twice(() =>
        store.claim('cam', {
          token,
          session: `s-${token}`,
          door: 'rtmp',
          peer: token,
          takesOver: what.takesOver,
        }),
      )
      if (isHeld) return expect(reply).toMatchObject({ kind: 'live' })
      const isResumed = isOpen(model)
      if (!isResumed)
        model.before = model.state === 'ended' ? { session: model.session, take: model.take } : undefined
      Object.assign(model, {
        take: isResumed ? model.take + 1 : 1,
        session: isResumed ? model.session : `s-${token}`,
        stop: isResumed ? model.stop : '',
        state: 'live',
        token,
        isSilent: false,
      })
      tokens.set(what.by, token)
      const { session, take } = model
      expect(reply).toMatchObject({ kind: 'claimed', session, take, isResumed })
      if (reply.kind !== 'claimed') return
      // No key is ever given twice, and the fence grows.
      const key = `${session} ${take}`
      expect(world.given.has(key)).toBe(false)
      world.given.add(key)
      expect(Number(reply.fence)).toBeGreaterThan(world.lastFence)
      world.lastFence = Number(reply.fence)
      return
    }
    case 'beat': {
      const token = tokens.get(what.by) ?? 'none'
      const isOwner = isOpen(model) && model.token === token
      const answer = await twice(() => store.beat('cam', token, { state: what.state, numbers: NUMBERS }))
      expect(answer).toBe(isOwner ? 'ok' : 'lost')
      if (isOwner) Object.assign(model, { state: what.state, isSilent: false })
      return
    }
    case 'end': {
      const token = tokens.get(what.by) ?? 'none'
      const summary: StreamSummary = {
        ...COUNTED,
        session: model.session,
        door: 'rtmp',
        why: 'stopped',
        takes: 1,
        startedAtMs: 1,
        endedAtMs: 2,
      }
      if (model.state === 'none') return
      const isOwner = model.token === token
      expect(await twice(() => store.end('cam', token, summary))).toBe(isOwner)
      if (!isOwner || model.state === 'ended') return
      Object.assign(model, { state: 'ended', stop: '' })
      model.history.unshift(model.session)
      return
    }
    case 'withdraw': {
      const token = tokens.get(what.by) ?? 'none'
      if (model.state === 'none' && model.token === '') return
      const isOwner = model.token === token
      expect(await twice(() => store.withdraw('cam', token))).toBe(isOwner)
      if (!isOwner || !isOpen(model)) return
      Object.assign(model, model.before ? { ...model.before, state: 'ended' } : { state: 'none' }, {
        stop: '',
      })
      return
    }
    case 'adopt': {
      if (model.state === 'none') return
      const token = `${what.by}-${++world.claims}`
      const deadToken = what.of === undefined ? undefined : (tokens.get(what.of) ?? 'none')
      const mayAdopt = isOpen(model) && (model.isSilent || deadToken === model.token)
      const adoption = { token, session: model.session, take: 1, startedAtMs: 1 }
      const adopted = await twice(() =>
        store.adopt('cam', { ...adoption, ...(deadToken !== undefined && { deadToken }) }),
      )
      expect(adopted?.take).toBe(mayAdopt ? model.take : undefined)
      if (!adopted) return
      Object.assign(model, { state: 'waiting', token, isSilent: false })
      tokens.set(what.by, token)
      expect(Number(adopted.fence)).toBeGreaterThan(world.lastFence)
      world.lastFence = Number(adopted.fence)
      return
    }
    case 'silence':
      if (!isOpen(model)) return
      await world.redis.hset(world.stateKey, 'beatAt', 0)
      model.isSilent = true
      return
    case 'stop':
      expect((await twice(() => store.requestStop('cam'))) ?? '').toBe(isOpen(model) ? model.session : '')
      if (isOpen(model)) model.stop = model.session
  }
}

/** Everything that is to be seen of both. */
export async function compare({ model, store, tokens }: World): Promise<void> {
  const state = await store.read('cam')
  if (model.state === 'none') return expect(state).toBeUndefined()
  const { take, session } = model
  expect(state).toMatchObject({ state: model.state, session, take, isStopping: model.stop === session })
  const active = (await store.list()).map(({ name }) => name)
  const ended = (await store.ended(10)).map(({ name }) => name)
  expect([active, ended]).toEqual(isOpen(model) ? [['cam'], []] : [[], ['cam']])
  expect((await store.history('cam')).map((each) => each.session)).toEqual(model.history)
  for (const token of tokens.values()) {
    const orders = (await store.orders([{ name: 'cam', token }])).get('cam')
    const isOwner = isOpen(model) && model.token === token
    expect(orders).toMatchObject({ isLost: !isOwner, isStopped: isOwner && model.stop === session })
  }
}

export function createWorld(redis: Redis, keys: Keys): World {
  return {
    redis,
    stateKey: keys.streamState('cam'),
    model: {
      state: 'none',
      token: '',
      session: '',
      take: 0,
      isSilent: false,
      stop: '',
      before: undefined,
      history: [],
    },
    store: createStreamStore(redis, keys, 30_000),
    tokens: new Map(),
    given: new Set(),
    claims: 0,
    lastFence: 0,
  }
}
