import { describe, expect, it } from 'vitest'
import { FAILED, FN, newRunOf, NOTHING, useQueue } from '../helpers/queue.ts'

const used = useQueue()
const peek = (count: number) => used.redis.lrangeBuffer(used.queue.keys.inbox, 0, count - 1)

describe('admit', () => {
  it('stores the runs of a batch, sets malformed texts aside and trims exactly what was read', async () => {
    await used.redis.rpush(used.queue.keys.inbox, 'first', 'broken', 'later')
    const raws = await peek(2)
    const bad = [{ raw: Buffer.from('broken'), reason: 'not JSON' }]
    expect(await used.queue.admit({ ...NOTHING, raws, runs: [newRunOf('a')], bad })).toEqual(['new'])
    expect((await peek(10)).map(String)).toEqual(['later'])
    expect(await used.redis.xrange(used.queue.keys.bad, '-', '+')).toMatchObject([
      [expect.anything(), ['raw', 'broken', 'reason', 'not JSON', 'bytes', '6']],
    ])
    expect(await used.queue.run('a')).toMatchObject({
      state: 'queued',
      payload: { key: 'a.mp4' },
      attempts: 0,
    })
  })

  it('does nothing when the head of the list is no longer what was read', async () => {
    await used.redis.rpush(used.queue.keys.inbox, 'first', 'second')
    const raws = await peek(1)
    await used.redis.lpop(used.queue.keys.inbox)
    expect(await used.queue.admit({ ...NOTHING, raws, runs: [newRunOf('a')] })).toBeUndefined()
    expect((await peek(10)).map(String)).toEqual(['second'])
    expect(await used.queue.run('a')).toBeUndefined()
  })

  it('changes nothing when it is sent again after its reply was lost', async () => {
    await used.redis.rpush(used.queue.keys.inbox, 'first')
    const admission = { ...NOTHING, raws: [Buffer.from('first')], runs: [newRunOf('a')] }
    await used.queue.admit(admission)
    expect(await used.queue.admit(admission)).toBeUndefined()
    expect((await used.queue.claim('w', 9)).claims).toHaveLength(1)
  })

  it('counts the second copy of an event apart from real duplicates', async () => {
    expect(await used.queue.enqueue(newRunOf('a'), newRunOf('a'), newRunOf('a'))).toEqual([
      'new',
      'copy',
      'duplicate',
    ])
    expect(await used.queue.enqueue(newRunOf('a', { eventId: 'another request' }))).toEqual(['duplicate'])
    expect(await used.queue.run('a')).toMatchObject({ copies: 2, dups: 2 })
    expect((await used.queue.claim('w', 9)).claims).toHaveLength(1)
  })

  it('with one target counts the second announcement as a duplicate', async () => {
    const runs = [newRunOf('a'), newRunOf('a')]
    expect(await used.queue.admit({ ...NOTHING, runs, paths: 1 })).toEqual(['new', 'duplicate'])
  })

  it('does not run again what has ended', async () => {
    await used.queue.enqueue(newRunOf('a'))
    const { claims } = await used.queue.claim('w')
    await used.queue.settle(claims[0]!, { kind: 'complete', result: '{}' })
    expect(await used.queue.enqueue(newRunOf('a', { eventId: 'late replay' }))).toEqual(['duplicate'])
    expect((await used.queue.claim('w', 9)).claims).toEqual([])
  })

  it('lifts a waiting low run when a live event comes for it', async () => {
    await used.queue.enqueue(
      newRunOf('low', { lane: 'low', trigger: 'sweep', eventId: '' }),
      newRunOf('live'),
    )
    expect(await used.queue.enqueue(newRunOf('low'))).toEqual(['lifted'])
    const { claims } = await used.queue.claim('w', 9)
    expect(claims.map(({ runId, lane }) => [runId, lane])).toEqual([
      ['live', 'live'],
      ['low', 'live'],
    ])
  })

  it('marks what waits for an older version, and lets its retry learn so at once', async () => {
    const older = newRunOf('older', { objectId: 'o' })
    await used.queue.enqueue(older, newRunOf('other'))
    const { claims } = await used.queue.claim('w', 1)
    await used.queue.settle(claims[0]!, { ...FAILED, delayMs: 60_000 })
    await used.queue.admit({ ...NOTHING, marks: [{ objectId: 'o', generation: 'v2', hint: 'superseded' }] })
    expect(await used.queue.run('older')).toMatchObject({ state: 'retrying', hint: 'superseded' })
    expect(await used.queue.promote(10)).toMatchObject({ promoted: 1 })
    expect((await used.queue.run('other'))?.hint).toBeUndefined()
  })

  it('marks only the generation that went, when just one did', async () => {
    await used.queue.enqueue(newRunOf('a', { objectId: 'o' }))
    const mark = { objectId: 'o', generation: '', hint: 'source-gone' } as const
    await used.queue.admit({ ...NOTHING, marks: [{ ...mark, only: 'another' }] })
    expect((await used.queue.run('a'))?.hint).toBeUndefined()
    await used.queue.admit({ ...NOTHING, marks: [{ ...mark, only: 'v1' }] })
    expect((await used.queue.run('a'))?.hint).toBe('source-gone')
  })

  it('marks each run once, so that a key which is overwritten all the time costs no more than another', async () => {
    for (let version = 1; version <= 50; version++) {
      const job = newRunOf(`run-${version}`, { objectId: 'o' })
      const payload = { ...job.payload, generation: `v${version}` }
      const marks = [{ objectId: 'o', generation: `v${version}`, hint: 'superseded' } as const]
      await used.queue.admit({ ...NOTHING, runs: [{ ...job, payload }], marks })
    }
    expect(await used.redis.scard(`${used.queue.keys.prefix}open:o`)).toBe(1)
    expect(await used.redis.scard(used.queue.keys.marked('o'))).toBe(49)
    expect(await used.queue.run('run-49')).toMatchObject({ hint: 'superseded' })
    expect((await used.queue.run('run-50'))?.hint).toBeUndefined()
  })

  it('marks nothing for the generation that stays', async () => {
    await used.queue.enqueue(newRunOf('a', { objectId: 'o' }))
    await used.queue.admit({ ...NOTHING, marks: [{ objectId: 'o', generation: 'v1', hint: 'superseded' }] })
    expect((await used.queue.run('a'))?.hint).toBeUndefined()
  })

  it('lets runs of one function wait whose stream is of another type, and nobody else', async () => {
    const stream = used.queue.keys.stream(FN, 'live')
    await used.redis.set(stream, 'a string')
    await used.redis.rpush(used.queue.keys.inbox, 'first', 'later')
    const runs = [newRunOf('waits'), newRunOf('goes', { functionName: 'other' })]
    expect(await used.queue.admit({ ...NOTHING, raws: [Buffer.from('first')], runs })).toEqual([
      'unplaced',
      'new',
    ])
    expect((await peek(10)).map(String)).toEqual(['later'])
    expect(await used.queue.run('goes')).toMatchObject({ state: 'queued' })
    expect(await used.queue.run('waits')).toMatchObject({
      state: 'retrying',
      attempts: 0,
      error: expect.stringContaining('WRONGTYPE'),
    })
    // Whatever retries are due meanwhile, others' come through.
    await used.redis.zadd(used.queue.keys.delay, 1, 'waits')
    expect(await used.queue.promote(10)).toMatchObject({ promoted: 1 })
    expect(await used.queue.run('waits')).toMatchObject({ state: 'retrying' })
    expect(await used.queue.repair(['waits'])).toEqual(['ok'])
    await used.redis.del(stream)
    await used.redis.zadd(used.queue.keys.delay, 1, 'waits')
    await used.queue.promote(10)
    expect((await used.queue.claim('w', 9)).claims.map(({ runId }) => runId)).toEqual(['waits'])
  })

  it('takes what is malformed from the list though it cannot be kept', async () => {
    await used.redis.set(used.queue.keys.bad, 'a string')
    await used.redis.rpush(used.queue.keys.inbox, 'broken')
    const raws = [Buffer.from('broken')]
    const bad = raws.map((raw) => ({ raw, reason: 'not JSON' }))
    expect(await used.queue.admit({ ...NOTHING, raws, bad, runs: [newRunOf('a')] })).toEqual(['new'])
    expect(await peek(10)).toEqual([])
  })

  it('keeps of a long malformed text the beginning, its size and the reason', async () => {
    const bad = ['x'.repeat(4_096), 'y'.repeat(4_097)].map((text) => ({
      raw: Buffer.from(text),
      reason: 'r'.repeat(600),
    }))
    await used.queue.admit({ ...NOTHING, bad })
    const kept = await used.redis.xrange(used.queue.keys.bad, '-', '+')
    expect(kept.map(([, fields]) => [fields[1]?.length, fields[3]?.length, fields[5]])).toEqual([
      [4_096, 500, '4096'],
      [1_024, 500, '4097'],
    ])
  })
})
