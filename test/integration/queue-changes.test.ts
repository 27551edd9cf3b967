import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createChangeReader,
  createTelling,
  parseChanges,
  subscribeToChanges,
  type ChangeSubscription,
} from '../../runtime/queue/changes.ts'
import { createRunService, type RunParts } from '../../runtime/api/runs/service.ts'
import { createHistory } from '../../runtime/queue/history.ts'
import { createTallies } from '../../runtime/queue/tallies.ts'
import { BURIED, FAILED, FN, RELEASED, newRunOf, useQueue } from '../helpers/queue.ts'
import { functionNamed, only } from '../unit/api/objects/facts.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useQueue()
const until = (what: () => unknown, { what: name }: { what: string }) =>
  waitFor(async () => (await what()) as boolean, { what: name, timeoutMs: 10_000 })
const COMPLETE = { kind: 'complete', result: '{}' } as const

describe('a change by a script', () => {
  let ear: Redis
  let messages: string[]
  beforeEach(async () => {
    messages = []
    ear = used.redis.duplicate()
    ear.on('message', (_, text: string) => messages.push(text))
    await ear.subscribe(used.queue.keys.live)
  })
  afterEach(() => ear.disconnect())

  it('comes with all others of its call in one message', async () => {
    await used.queue.enqueue(newRunOf('a'), newRunOf('b'))
    const { claims } = await used.queue.claim('w', 2)
    const settlements = claims.map(({ runId, fence, token }) => ({ runId, fence, token, ...COMPLETE }))
    await used.queue.enqueue(newRunOf('c'))
    await used.queue.claim('w', 1, { settlements })
    await until(() => messages.length === 4, { what: 'four messages' })
    const told = messages.map((text) =>
      parseChanges(text).runs.map(({ runId, state }) => `${runId} ${state}`),
    )
    expect(told).toEqual([
      ['a queued', 'b queued'],
      ['a running', 'b running'],
      ['c queued'],
      ['a succeeded', 'b succeeded', 'c running'],
    ])
    expect(parseChanges(messages[0] as string).runs[0]).toEqual({
      runId: 'a',
      functionName: FN,
      state: 'queued',
      objectId: 'object-of-a',
    })
  })

  it('is one of at most 200 in a message, which says when there are more', async () => {
    const runs = Array.from({ length: 201 }, (_, at) => newRunOf(`r${at}`))
    await used.queue.enqueue(...runs.slice(0, 200))
    await used.queue.claim('w', 1)
    await used.queue.enqueue(...runs.map(({ runId }) => newRunOf(`s${runId}`)))
    await until(() => messages.length === 3, { what: 'three messages' })
    const [all, , cut] = messages.map(parseChanges)
    expect([all?.runs.length, all?.hasMore]).toEqual([200, false])
    expect([cut?.runs.length, cut?.hasMore]).toEqual([200, true])
  })

  it('may be progress, a request to cancel, or other limits; where nothing changes there is no message', async () => {
    await used.queue.enqueue(newRunOf('a'))
    const [claim] = (await used.queue.claim('w')).claims
    const { runId, fence, token } = claim!
    await used.queue.heartbeat('w', [{ runId, fence, token }])
    await used.queue.heartbeat('w', [{ runId, fence, token, progress: '{"percent":1}' }])
    await used.queue.cancel('a')
    await used.queue.setLimits(FN, { schema: 1, revision: 1, isPaused: true }, '')
    await until(() => messages.length === 5, { what: 'five messages' })
    expect(messages.slice(1)).toEqual([
      `a ${FN} running object-of-a`,
      `a ${FN} running object-of-a`,
      `a ${FN} running object-of-a`,
      `limits ${FN}`,
    ])
  })
})

describe('tallies', () => {
  const last = async () => {
    const { tallies } = await createTallies(used.redis, used.queue.keys).read([FN, 'glue'], 2)
    return Object.fromEntries(
      [...tallies].map(([name, minutes]) => {
        const sum = (of: 'done' | 'failed' | 'dead') => minutes.reduce((total, each) => total + each[of], 0)
        return [name, [sum('done'), sum('failed'), sum('dead')]]
      }),
    )
  }

  it('count each attempt once, by how it ended, and not those that were handed back', async () => {
    await used.queue.enqueue(newRunOf('a'), newRunOf('b'), newRunOf('c'), newRunOf('d'))
    const { claims } = await used.queue.claim('w', 4)
    const [a, b, c, d] = claims
    await used.queue.settle(a!, COMPLETE)
    await used.queue.settle(a!, COMPLETE)
    await used.queue.settle(b!, FAILED)
    await used.queue.settle(c!, BURIED)
    await used.queue.settle(d!, { ...RELEASED, delayMs: 60_000 })
    expect(await last()).toEqual({ [FN]: [1, 1, 1], glue: [0, 0, 0] })
  })

  it('count an attempt that was lost with its worker as failed', async () => {
    await used.queue.enqueue(newRunOf('a'))
    await used.queue.claim('w')
    await until(async () => (await used.queue.takeBack(1)).length === 1, { what: 'the run to be taken back' })
    expect(await last()).toEqual({ [FN]: [0, 1, 0], glue: [0, 0, 0] })
  })

  it('of a minute expire, and a key of another type in their place stops nothing', async () => {
    const { queue, redis } = used
    const minute = () => queue.nowMs().then((nowMs) => Math.floor(nowMs / 60_000))
    await queue.enqueue(newRunOf('a'), newRunOf('b'))
    const { claims } = await queue.claim('w', 2)
    // The minute may end between the two.
    for (const at of [0, 1]) await redis.set(queue.keys.tally((await minute()) + at), 'not a hash')
    const [a, b] = claims
    expect(await queue.settle(a!, COMPLETE)).toBe('succeeded')
    await queue.settle(b!, COMPLETE)
    expect((await last())[FN]).toEqual([2, 0, 0])
    expect(await redis.ttl(queue.keys.tally(await minute()))).toBeGreaterThan(24 * 3_600)
  })
})

describe('runs in progress', () => {
  it('are found among any number of others, the latest start first', async () => {
    const { queue } = used
    await queue.enqueue(newRunOf('a'), newRunOf('b'), newRunOf('c', { lane: 'low' }), newRunOf('d'))
    const first = (await queue.claim('w', 1)).claims[0]!
    await until(async () => (await queue.nowMs()) > first.claimedAtMs, { what: 'the next millisecond' })
    const wants = [{ functionName: FN, free: 2, lowFirst: 1 }]
    const claimed = (await queue.claim('w', 2, { wants, inFlight: 1 })).claims.map(({ runId }) => runId)
    const running = await createHistory(used.redis, queue.keys).running([FN, 'glue'], 10)
    expect(running.map(({ runId }) => runId)).toEqual([...claimed.toSorted(), first.runId])
    expect(await createHistory(used.redis, queue.keys).running([FN], 1)).toHaveLength(1)

    const service = createRunService(
      only<RunParts>({ history: createHistory(used.redis, queue.keys), functions: [functionNamed(FN)] }),
    )
    const list = async (rest: object, limit = 10) => {
      const { items, nextCursor } = await service.list({ status: ['running'], ...rest }, { limit })
      return [
        items
          .map(({ id }) => id)
          .toSorted()
          .join(),
        nextCursor !== null,
      ]
    }
    expect(await list({})).toEqual([[...claimed, first.runId].toSorted().join(), false])
    expect(await list({ prefix: `${first.runId}.` })).toEqual([first.runId, false])
    expect(await list({ untilMs: 0 })).toEqual(['', false])
    // More than a page: listed as all others are.
    expect((await list({}, 2))[1]).toBe(true)
  })
})

describe('a reader of changes', () => {
  let subscription: ChangeSubscription | undefined
  afterEach(() => subscription?.close())

  function listen() {
    const heard: string[] = []
    subscription = subscribeToChanges(used.redis.duplicate(), used.queue.keys, {
      onChanges: ({ runs }) => heard.push(...runs.map(({ runId, state }) => `${runId} ${state}`)),
      onLines: (runId, lines) => heard.push(`${runId}: ${lines.join(' | ')}`),
      onReady: () => heard.push('ready'),
      onLost: () => heard.push('lost'),
      onRefused: (error) => heard.push(error.message),
    })
    return { heard, on: subscription, hears: (what: string) => until(() => heard.includes(what), { what }) }
  }

  it('is known to those who work, hears changes and the lines of the runs it asked for, and also after it was cut off', async () => {
    const { queue, redis } = used
    const telling = createTelling(redis, queue.keys)
    const { heard, on, hears } = listen()
    expect(await telling.listened(['a'])).toEqual({ isAny: false, runs: new Set() })
    on.addRun('a')
    on.start()
    await hears('ready')
    expect(await telling.listened(['a', 'b'])).toEqual({ isAny: true, runs: new Set(['a']) })
    await queue.enqueue(newRunOf('a'))
    await telling.tellLines('b', ['nobody listens'])
    await telling.tellLines('a', ['frame=1', 'frame=2'])
    await hears('a: frame=1 | frame=2')
    expect(heard).toEqual(['ready', 'a queued', 'a: frame=1 | frame=2'])

    await redis.client('KILL', 'TYPE', 'PUBSUB')
    await until(() => heard.filter((word) => word === 'ready').length === 2, { what: 'the next connection' })
    expect(heard.slice(-2)).toEqual(['lost', 'ready'])
    await telling.tellLines('a', ['frame=3'])
    await hears('a: frame=3')
    on.removeRun('a')
    on.stop()
    await until(async () => !(await telling.listened(['a'])).isAny, { what: 'nobody to listen' })
    expect((await telling.listened(['a'])).runs.size).toBe(0)
  })

  it('reads all that it has missed: all that ended, began, waits or was queued since, and no more than that', async () => {
    const { queue, redis } = used
    const reader = createChangeReader(redis, queue.keys)
    await queue.enqueue(newRunOf('old'), newRunOf('runs'), newRunOf('waits'), newRunOf('ends'))
    const first = (await queue.claim('w', 1)).claims[0]!
    await queue.settle(first, COMPLETE)
    const sinceMs = await queue.nowMs()
    await until(async () => (await queue.nowMs()) > sinceMs, { what: 'the next millisecond' })
    const { claims } = await queue.claim('w', 3)
    await queue.settle(claims[1]!, { ...FAILED, delayMs: 60_000 })
    await queue.settle(claims[2]!, COMPLETE)
    await queue.enqueue(newRunOf('new'))
    const found = await reader.since(sinceMs + 1, [FN])
    expect(found?.map(({ runId, state }) => `${runId} ${state}`).toSorted()).toEqual([
      'ends succeeded',
      'new queued',
      'runs running',
      'waits retrying',
    ])
    await queue.enqueue(...Array.from({ length: 1_001 }, (_, at) => newRunOf(`r${at}`)))
    expect(await reader.since(sinceMs, [FN])).toBeUndefined()
  })
})
