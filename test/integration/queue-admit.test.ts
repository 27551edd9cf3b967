import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Redis } from 'ioredis'
import { createLogger } from '../../runtime/logger.ts'
import { connectRedis } from '../../runtime/queue/redis.ts'
import { createTestQueue, FAILED, jobOf, type TestQueue } from '../helpers/queue.ts'
import { startTestRedis, type TestRedis } from '../helpers/servers.ts'

let server: TestRedis
let redis: Redis
let queue: TestQueue

beforeAll(async () => {
  server = await startTestRedis()
  redis = connectRedis(server.url, 'command', createLogger({ level: 'silent', format: 'json' }))
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})
beforeEach(() => {
  queue = createTestQueue(redis)
})

const EMPTY = { raws: [], jobs: [], marks: [], bad: [], paths: 2 } as const

describe('admit', () => {
  it('stores the runs of a batch, sets malformed texts aside and trims exactly what was read', async () => {
    await redis.rpush(queue.keys.inbox, 'first', 'broken', 'later')
    const raws = await queue.peek(2)
    const bad = [{ raw: Buffer.from('broken'), reason: 'no JSON' }]
    expect(await queue.admit({ ...EMPTY, raws, jobs: [jobOf('a')], bad })).toEqual(['new'])
    expect((await queue.peek(10)).map(String)).toEqual(['later'])
    expect(await redis.xrange(queue.keys.bad, '-', '+')).toMatchObject([
      [expect.anything(), ['raw', 'broken', 'reason', 'no JSON']],
    ])
    expect(await queue.run('a')).toMatchObject({ state: 'queued', payload: { key: 'a.mp4' }, attempts: 0 })
  })

  it('does nothing when the head of the list is no longer what was read', async () => {
    await redis.rpush(queue.keys.inbox, 'first', 'second')
    const raws = await queue.peek(1)
    await redis.lpop(queue.keys.inbox)
    expect(await queue.admit({ ...EMPTY, raws, jobs: [jobOf('a')] })).toBeUndefined()
    expect((await queue.peek(10)).map(String)).toEqual(['second'])
    expect(await queue.run('a')).toBeUndefined()
  })

  it('changes nothing when it is sent again after its reply was lost', async () => {
    await redis.rpush(queue.keys.inbox, 'first')
    const admission = { ...EMPTY, raws: [Buffer.from('first')], jobs: [jobOf('a')] }
    await queue.admit(admission)
    expect(await queue.admit(admission)).toBeUndefined()
    expect((await queue.claim('w', 9)).claims).toHaveLength(1)
  })

  it('counts the second copy of an event apart from real duplicates', async () => {
    expect(await queue.enqueue(jobOf('a'), jobOf('a'), jobOf('a'))).toEqual(['new', 'copy', 'duplicate'])
    expect(await queue.enqueue(jobOf('a', { eventId: 'another request' }))).toEqual(['duplicate'])
    expect(await queue.run('a')).toMatchObject({ copies: 2, dups: 2 })
    expect((await queue.claim('w', 9)).claims).toHaveLength(1)
  })

  it('with one target counts the second announcement as a duplicate', async () => {
    const jobs = [jobOf('a'), jobOf('a')]
    expect(await queue.admit({ ...EMPTY, jobs, paths: 1 })).toEqual(['new', 'duplicate'])
  })

  it('does not run again what has ended', async () => {
    await queue.enqueue(jobOf('a'))
    const { claims } = await queue.claim('w')
    await queue.settle(claims[0]!, { kind: 'complete', result: '{}' })
    expect(await queue.enqueue(jobOf('a', { eventId: 'late replay' }))).toEqual(['duplicate'])
    expect((await queue.claim('w', 9)).claims).toEqual([])
  })

  it('lifts a waiting low run when a live event comes for it', async () => {
    await queue.enqueue(jobOf('low', { lane: 'low', trigger: 'sweep', eventId: '' }), jobOf('live'))
    expect(await queue.enqueue(jobOf('low'))).toEqual(['lifted'])
    const { claims } = await queue.claim('w', 9)
    expect(claims.map(({ runId, lane }) => [runId, lane])).toEqual([
      ['live', 'live'],
      ['low', 'live'],
    ])
  })

  it('marks what waits for an older version, and lets its retry learn so at once', async () => {
    const older = jobOf('older', { objectId: 'o' })
    await queue.enqueue(older, jobOf('other'))
    const { claims } = await queue.claim('w', 1)
    await queue.settle(claims[0]!, { ...FAILED, delayMs: 60_000 })
    await queue.admit({ ...EMPTY, marks: [{ objectId: 'o', generation: 'v2', hint: 'superseded' }] })
    expect(await queue.run('older')).toMatchObject({ state: 'retrying', hint: 'superseded' })
    expect(await queue.promote(10)).toMatchObject({ promoted: 1 })
    expect((await queue.run('other'))?.hint).toBeUndefined()
  })

  it('marks nothing for the generation that stays', async () => {
    await queue.enqueue(jobOf('a', { objectId: 'o' }))
    await queue.admit({ ...EMPTY, marks: [{ objectId: 'o', generation: 'v1', hint: 'superseded' }] })
    expect((await queue.run('a'))?.hint).toBeUndefined()
  })

  it('refuses the whole batch when a key has the wrong type, and loses nothing of it', async () => {
    await redis.set(queue.keys.stream('cut', 'live'), 'a string')
    await redis.rpush(queue.keys.inbox, 'first')
    await expect(queue.admit({ ...EMPTY, raws: [Buffer.from('first')], jobs: [jobOf('a')] })).rejects.toThrow(
      /WRONGTYPE.*should be a stream/,
    )
    expect((await queue.peek(10)).map(String)).toEqual(['first'])
    expect(await queue.run('a')).toBeUndefined()
  })
})
