/** What a success leaves behind in Redis: its run and nothing that says that something is still to be done. */
import { describe, expect, it } from 'vitest'
import type { Claim } from '../../runtime/queue/run.ts'
import { FN, newRunOf, NOTHING, useQueue } from '../helpers/queue.ts'

const used = useQueue()
const DONE = { kind: 'complete', result: '{}' } as const
const OBJECT = 'the object'
const streamOf = (lane: 'live' | 'low' = 'live') => used.queue.keys.stream(FN, lane)
const pendingIn = async (lane: 'live' | 'low') =>
  ((await used.redis.xpending(streamOf(lane), 'w')) as [number])[0]
const setOf = (name: 'open' | 'marked' | 'failed') =>
  used.redis.smembers(`${used.queue.keys.prefix}${name}:${OBJECT}`)
const field = (name: string) => used.redis.hget(used.queue.keys.run('a'), name)

const claimed = async (): Promise<Claim> => (await used.queue.claim('w')).claims[0] as Claim
const mark = () =>
  used.queue.admit({
    ...NOTHING,
    marks: [{ objectId: OBJECT, generation: 'a newer one', hint: 'superseded' }],
  })

it('leaves its stream and the list of what is worked on', async () => {
  await used.queue.enqueue(newRunOf('a', { objectId: OBJECT }), newRunOf('b', { objectId: OBJECT }))
  const { claims } = await used.queue.claim('w', 2)
  for (const claim of claims) expect(await used.queue.settle(claim, DONE)).toBe('succeeded')
  expect([await used.redis.xlen(streamOf()), await pendingIn('live')]).toEqual([0, 0])
  expect(await setOf('open')).toEqual([])
})

it('says nothing of the failures before it', async () => {
  await used.queue.enqueue(newRunOf('a', { objectId: OBJECT }))
  const failed = { kind: 'fail', error: 'broken', lines: '["x"]', delayMs: 0, maxAttempts: 5 } as const
  expect(await used.queue.settle(await claimed(), failed)).toBe('retrying')
  await used.queue.promote(10)
  expect(await used.queue.settle(await claimed(), DONE)).toBe('succeeded')
  expect([await field('error'), await field('reason'), await field('lines')]).toEqual([null, null, null])
})

it('takes a dead letter off the list of what somebody may still want the source of', async () => {
  await used.queue.enqueue(newRunOf('a', { objectId: OBJECT }))
  await used.queue.settle(await claimed(), {
    kind: 'bury',
    reason: 'permanent',
    error: 'broken',
    lines: '[]',
  })
  expect(await setOf('failed')).toEqual(['a'])
  expect(await used.queue.redrive('a')).toBe(true)
  expect(await used.queue.settle(await claimed(), DONE)).toBe('succeeded')
  expect(await setOf('failed')).toEqual([])
})

describe('a run that was marked as out of date', () => {
  it('is no longer marked once it has started, since it asks the store itself', async () => {
    await used.queue.enqueue(newRunOf('a', { objectId: OBJECT }))
    await mark()
    expect(await used.queue.run('a')).toMatchObject({ hint: 'superseded' })
    await claimed()
    expect(await used.queue.run('a')).not.toHaveProperty('hint')
  })

  it('is on no list any more when it has ended', async () => {
    await used.queue.enqueue(newRunOf('a', { objectId: OBJECT }))
    await mark()
    expect([await setOf('open'), await setOf('marked')]).toEqual([[], ['a']])
    expect(await used.queue.settle(await claimed(), DONE)).toBe('succeeded')
    expect(await setOf('marked')).toEqual([])
  })
})

describe('an entry of the same name in another lane', () => {
  it('starts nothing: the run is claimed from its own', async () => {
    await used.queue.enqueue(newRunOf('a', { objectId: OBJECT }))
    await used.redis.xadd(streamOf('low'), (await field('entry')) ?? '', 'r', 'a')
    await used.queue.claim('w', 1, { wants: [{ functionName: FN, free: 1, lowFirst: 1 }] })
    expect([await pendingIn('live'), await used.redis.xlen(streamOf('low'))]).toEqual([1, 0])
  })

  it('takes no run from its worker when its own lease has run out', async () => {
    await used.queue.enqueue(newRunOf('a', { objectId: OBJECT }))
    const claim = await claimed()
    const entry = (await field('entry')) ?? ''
    await used.redis.xgroup('CREATE', streamOf('low'), 'w', '0', 'MKSTREAM')
    await used.redis.xadd(streamOf('low'), entry, 'r', 'a')
    await used.redis.xreadgroup('GROUP', 'w', 'gone', 'COUNT', 1, 'STREAMS', streamOf('low'), '>')
    await used.redis.call('XCLAIM', streamOf('low'), 'w', 'gone', '0', entry, 'IDLE', '60000', 'JUSTID')
    expect(await used.queue.takeBack(30_000)).toEqual([])
    expect(await pendingIn('low')).toBe(0)
    expect(await used.queue.settle(claim, DONE)).toBe('succeeded')
  })
})
