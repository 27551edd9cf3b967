/** Runs whose place in Redis is gone: each is healed once, and what runs without a lease is another worker's from then on. */
import { describe, expect, it } from 'vitest'
import type { Claim } from '../../runtime/queue/run.ts'
import { owedVerdicts } from '../helpers/debts.ts'
import { FAILED, FN, newRunOf, useQueue } from '../helpers/queue.ts'
import { changeFacts } from '../helpers/packed-run.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useQueue()
const DONE = { kind: 'complete', result: '' } as const
const streamOf = (lane: 'live' | 'low' | 'solo' = 'live') => used.queue.keys.stream(FN, lane)
const entryOf = async (runId: string) => (await used.redis.hget(used.queue.keys.run(runId), 'entry')) ?? ''
const repaired = async (runId = 'a') => (await used.queue.repair([runId]))[0]

async function claimed(runId = 'a'): Promise<Claim> {
  await used.queue.enqueue(newRunOf(runId))
  return (await used.queue.claim('w')).claims[0] as Claim
}

/** The run is there to be claimed exactly once, and ends well. */
async function assertRunsOnce(runId = 'a'): Promise<void> {
  expect(await repaired(runId)).toBe('ok')
  const { claims } = await used.queue.claim('other', 9)
  expect(claims.map((claim) => claim.runId)).toEqual([runId])
  expect(await used.queue.settle(claims[0]!, DONE)).toBe('succeeded')
  for (const lane of ['live', 'low', 'solo'] as const) expect(await used.redis.xlen(streamOf(lane))).toBe(0)
}

describe('what waits', () => {
  it('is left alone where it has its place, and is not known when there is no such run', async () => {
    await used.queue.enqueue(newRunOf('a'))
    expect(await used.queue.repair(['a', 'never heard of'])).toEqual(['ok', 'gone'])
    await assertRunsOnce()
    expect(await repaired()).toBe('ok')
  })

  it('is put back when its entry was deleted, or the whole stream was', async () => {
    await used.queue.enqueue(newRunOf('a'))
    await used.redis.xdel(streamOf(), await entryOf('a'))
    expect(await repaired()).toBe('stream-entry')
    await used.redis.del(streamOf())
    expect(await repaired()).toBe('stream-entry')
    await assertRunsOnce()
  })

  it('is announced when it was put back, so that no idle worker waits for its next poll', async () => {
    const rings = used.redis.duplicate()
    const heard: string[] = []
    rings.on('message', (_, name: string) => heard.push(name))
    await used.queue.enqueue(newRunOf('a'))
    await used.redis.xdel(streamOf(), await entryOf('a'))
    try {
      await rings.subscribe(used.queue.keys.wakeOf('v'))
      // It has found nothing, and waits.
      expect((await used.queue.claim('v')).claims).toEqual([])
      expect(await repaired()).toBe('stream-entry')
      await waitFor(async () => heard.length > 0, { timeoutMs: 5_000, what: 'the ring' })
      expect(heard).toEqual([FN])
    } finally {
      rings.disconnect()
    }
  })

  it('is put back when its group has passed over it', async () => {
    await claimed('first')
    await used.queue.enqueue(newRunOf('a'))
    await used.redis.xgroup('SETID', streamOf(), 'w', '$')
    expect((await used.queue.claim('w')).claims).toEqual([])
    expect(await repaired()).toBe('stream-entry')
    expect((await used.queue.claim('w')).claims).toMatchObject([{ runId: 'a' }])
  })

  it('needs nothing when its group was destroyed: the next one delivers all that waits', async () => {
    await claimed('first')
    await used.queue.enqueue(newRunOf('a'))
    await used.redis.xgroup('DESTROY', streamOf(), 'w')
    expect(await repaired()).toBe('ok')
    expect((await used.queue.claim('w', 9)).claims).toMatchObject([{ runId: 'a' }])
  })

  it('is put into the lane that its record names when it lies in another', async () => {
    await used.queue.enqueue(newRunOf('a', { lane: 'low', trigger: 'sweep' }))
    await changeFacts(used.redis, used.queue.keys, 'a', { lane: 'live' })
    expect(await repaired()).toBe('stream-entry')
    await assertRunsOnce()
  })

  it('has a damaged entry, or none in its record', async () => {
    await used.queue.enqueue(newRunOf('a'))
    await used.redis.hdel(used.queue.keys.run('a'), 'entry')
    expect(await repaired()).toBe('stream-entry')
    expect((await used.queue.claim('w', 9)).claims).toMatchObject([{ runId: 'a' }])
  })

  it('is left alone while its stream is of another type, so that one wrong key stops no sweep', async () => {
    await used.queue.enqueue(newRunOf('a'))
    await used.redis.del(streamOf())
    await used.redis.set(streamOf(), 'no stream')
    expect(await repaired()).toBe('ok')
    await used.redis.del(streamOf())
    expect(await repaired()).toBe('stream-entry')
  })
})

describe('what runs', () => {
  const LOST: Readonly<Record<string, () => Promise<unknown>>> = {
    'its entry was deleted': async () => used.redis.xdel(streamOf(), await entryOf('a')),
    'its entry was deleted and acknowledged': async () => {
      await used.redis.xack(streamOf(), 'w', await entryOf('a'))
      await used.redis.xdel(streamOf(), await entryOf('a'))
    },
    'its entry was acknowledged by hand': async () => used.redis.xack(streamOf(), 'w', await entryOf('a')),
    'its consumer was removed': () => used.redis.xgroup('DELCONSUMER', streamOf(), 'w', 'w'),
    'its group was destroyed': () => used.redis.xgroup('DESTROY', streamOf(), 'w'),
    'its group was destroyed and made anew': async () => {
      await used.redis.xgroup('DESTROY', streamOf(), 'w')
      await used.queue.ensureGroups([FN])
    },
    'its stream was deleted': () => used.redis.del(streamOf()),
  }

  it.each(Object.entries(LOST))('loses its worker and is run again when %s', async (_, lose) => {
    const claim = await claimed()
    expect(await repaired()).toBe('ok')
    await lose()
    expect(await repaired()).toBe('stream-entry')
    expect(await used.queue.heartbeat('w', [claim])).toEqual(['lost'])
    expect(await used.queue.settle(claim, DONE)).toBe('fenced')
    await assertRunsOnce()
  })

  it('keeps its lane and what was counted of it', async () => {
    const first = await claimed()
    await used.queue.settle(first, FAILED)
    await used.queue.promote(10)
    await used.queue.claim('w')
    await used.redis.xdel(streamOf(), await entryOf('a'))
    expect(await repaired()).toBe('stream-entry')
    expect(await used.queue.run('a')).toMatchObject({
      state: 'queued',
      lane: 'live',
      attempts: 1,
      crashes: 0,
    })
  })
})

describe('what waits for its retry', () => {
  it('is put back for the time that it had, when the set of retries is gone', async () => {
    const claim = await claimed()
    await used.queue.settle(claim, { ...FAILED, delayMs: 60_000 })
    expect(await repaired()).toBe('ok')
    const dueAt = await used.redis.zscore(used.queue.keys.delay, 'a')
    await used.redis.del(used.queue.keys.delay)
    expect(await repaired()).toBe('delay-entry')
    expect(await used.redis.zscore(used.queue.keys.delay, 'a')).toBe(dueAt)
    expect(await repaired()).toBe('ok')
  })
})

it('says what it would heal, and heals nothing, when it is only asked', async () => {
  const claim = await claimed()
  await used.queue.settle(claim, { ...FAILED, delayMs: 60_000 })
  await used.queue.enqueue(newRunOf('b'))
  await used.redis.del(used.queue.keys.delay, streamOf())
  const before = await Promise.all(['a', 'b'].map((runId) => used.queue.run(runId)))
  for (const _ of [1, 2])
    expect(await used.queue.repair(['a', 'b'], true)).toEqual(['delay-entry', 'stream-entry'])
  expect(await Promise.all(['a', 'b'].map((runId) => used.queue.run(runId)))).toEqual(before)
  expect(await used.redis.exists(used.queue.keys.delay, streamOf())).toBe(0)
})

describe('what a sweep takes up again', () => {
  const PAYLOAD = newRunOf('x').payload
  const rerun = async (runId: string) => {
    const item = { runId, functionName: FN, objectId: `object-of-${runId}`, payload: PAYLOAD }
    return (await used.queue.rerun({ trigger: 'sweep', isForced: false, items: [item] }))?.[0]
  }

  it.each(['superseded', 'source-gone'] as const)(
    'is a run that ended %s, in a later epoch',
    async (kind) => {
      const claim = await claimed()
      await used.queue.settle(claim, { kind, reason: 'a newer one' })
      expect(await rerun('a')).toBe('queued')
      const run = await used.queue.run('a')
      expect(run).toMatchObject({ state: 'queued', trigger: 'sweep', lane: 'low' })
      expect(run!.epoch).toBeGreaterThan(claim.epoch)
      expect(await owedVerdicts(used)).toEqual([])
    },
  )

  it('is one that has succeeded, and one that Redis does not know', async () => {
    await used.queue.settle(await claimed(), DONE)
    expect(await rerun('a')).toBe('queued')
    expect(await rerun('forgotten')).toBe('queued')
    expect(await used.queue.run('forgotten')).toMatchObject({
      state: 'queued',
      trigger: 'sweep',
      lane: 'low',
    })
  })

  it('is not a run that was given up, was cancelled, or is in progress', async () => {
    await used.queue.settle(await claimed(), { kind: 'bury', reason: 'permanent', error: 'no', lines: '' })
    expect(await rerun('a')).toBe('ended')
    await used.queue.enqueue(newRunOf('b'))
    expect(await rerun('b')).toBe('busy')
    await used.queue.cancel('b')
    expect(await rerun('b')).toBe('ended')
    expect(await used.queue.run('a')).toMatchObject({ state: 'dead', epoch: 0 })
  })
})
