import type { FateKind } from '../../runtime/queue/queue.ts'
import { describe, expect, it } from 'vitest'
import type { Claim, RunRecord } from '../../runtime/queue/run.ts'
import { owedVerdicts } from '../helpers/debts.ts'
import { BURIED, FAILED, FN, newRunOf, RELEASED, useQueue } from '../helpers/queue.ts'
import { changeFacts } from '../helpers/packed-run.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useQueue()

async function claimOne(runId: string): Promise<Claim> {
  await used.queue.enqueue(newRunOf(runId))
  const { claims } = await used.queue.claim('w')
  return claims[0] as Claim
}

/** Lets a lease run out and takes back what it held; its supervisor says what has become of the worker, or cannot. */
async function loseWorker(consumer = 'w', fate: FateKind | 'unknown' = 'crashed', leaseMs = 20) {
  if (fate !== 'unknown') await used.queue.noteFate(consumer, fate, 'was ended by SIGKILL', 60_000)
  return waitFor(
    async () => {
      const taken = await used.queue.takeBack(leaseMs)
      return taken.length > 0 && taken
    },
    { timeoutMs: 30_000, what: 'a lease to run out' },
  )
}

describe('turn', () => {
  it('gives each run to one worker, oldest first, with a fence that grows', async () => {
    await used.queue.enqueue(newRunOf('a'), newRunOf('b'), newRunOf('c'))
    const [one, two] = [await used.queue.claim('w1', 2), await used.queue.claim('w2', 2)]
    expect(one.claims.map(({ runId }) => runId)).toEqual(['a', 'b'])
    expect(two.claims.map(({ runId }) => runId)).toEqual(['c'])
    await used.queue.settle(one.claims[0]!, RELEASED)
    expect((await used.queue.claim('w2')).claims[0]).toMatchObject({ runId: 'a', fence: '2' })
  })

  it('claims the same runs again when the turn is sent again, and no others', async () => {
    await used.queue.enqueue(newRunOf('a'), newRunOf('b'))
    const first = await used.queue.claim('w', 1, { token: 'same' })
    const again = await used.queue.claim('w', 1, { token: 'same' })
    expect(again.claims.map(({ runId, fence }) => [runId, fence])).toEqual([['a', '1']])
    expect(again).toEqual({
      ...first,
      isDrained: false,
      claims: [{ ...first.claims[0], claimedAtMs: expect.any(Number) }],
    })
  })

  it('remembers the claims of each of two turns that are under way together', async () => {
    await used.queue.enqueue(newRunOf('a'), newRunOf('b'), newRunOf('c'))
    const take = async (slot: number, token: string) =>
      (await used.queue.claim('w', 1, { slot, token })).claims.map(({ runId }) => runId)
    expect([await take(0, 'one'), await take(1, 'two')]).toEqual([['a'], ['b']])
    expect([await take(0, 'one'), await take(1, 'two')]).toEqual([['a'], ['b']])
    expect([await take(0, 'three'), await take(1, 'two')]).toEqual([['c'], ['b']])
  })

  it('applies a settlement once, however often it is sent', async () => {
    const claim = await claimOne('a')
    expect(await used.queue.settle(claim, FAILED)).toBe('retrying')
    expect(await used.queue.settle(claim, FAILED)).toBe('retrying')
    expect(await used.queue.run('a')).toMatchObject({ attempts: 1 })
  })

  it('refuses a settlement with an old fence, or with the token of another attempt', async () => {
    const old = await claimOne('a')
    await used.queue.settle(old, RELEASED)
    const current = (await used.queue.claim('w2')).claims[0]!
    expect(await used.queue.settle(old, { kind: 'complete', result: '{}' })).toBe('fenced')
    expect(
      await used.queue.settle({ ...current, token: 'not mine' }, { kind: 'complete', result: '{}' }),
    ).toBe('fenced')
    expect(await used.queue.settle(current, { kind: 'complete', result: '{}' })).toBe('succeeded')
  })

  it('leaves nothing of a finished run in its stream', async () => {
    const claim = await claimOne('a')
    await used.queue.settle(claim, { kind: 'complete', result: '{"chunks":3}' })
    expect(await used.redis.xlen(used.queue.keys.stream(FN, 'live'))).toBe(0)
    expect(await used.queue.run('a')).toMatchObject({ state: 'succeeded', result: '{"chunks":3}' })
  })

  it('retries until the attempts are spent, then buries the run with its reason and owes a verdict', async () => {
    await used.queue.enqueue(newRunOf('a'))
    const states: unknown[] = []
    for (let attempt = 0; attempt < 3; attempt++) {
      await used.queue.promote(10)
      const { claims } = await used.queue.claim('w')
      states.push(await used.queue.settle(claims[0]!, { ...FAILED, maxAttempts: 3 }))
    }
    expect(states).toEqual(['retrying', 'retrying', 'dead'])
    expect(await used.queue.run('a')).toMatchObject({ reason: 'exhausted', error: 'boom', attempts: 3 })
    expect(await owedVerdicts(used)).toEqual(['a'])
    expect(await used.redis.xlen(used.queue.keys.dead(FN))).toBe(1)
  })

  it('buries a permanent failure at the first attempt', async () => {
    expect(await used.queue.settle(await claimOne('a'), BURIED)).toBe('dead')
    expect(await used.queue.run('a')).toMatchObject({ reason: 'permanent', attempts: 1 })
  })

  it('hands a run back without counting an attempt', async () => {
    const claim = await claimOne('a')
    expect(await used.queue.settle(claim, RELEASED)).toBe('queued')
    expect(await used.queue.run('a')).toMatchObject({ state: 'queued', attempts: 0, crashes: 0 })
  })

  it('hands a run back for later, uncounted, when the handler asks to wait', async () => {
    const claim = await claimOne('a')
    expect(await used.queue.settle(claim, { ...RELEASED, delayMs: 60_000 })).toBe('retrying')
    expect(await used.queue.run('a')).toMatchObject({ attempts: 0 })
    expect((await used.queue.claim('w')).claims).toEqual([])
  })

  it('names a stream that cannot be read, and claims from the others', async () => {
    await used.queue.enqueue(newRunOf('low', { lane: 'low' }))
    for (const lane of ['live', 'solo'] as const)
      await used.redis.set(used.queue.keys.stream(FN, lane), 'a string')
    const { claims, failures } = await used.queue.claim('w', 5)
    expect(claims.map(({ runId }) => runId)).toEqual(['low'])
    expect(failures.join()).toMatch(/q:cut:solo: .*WRONGTYPE.*q:cut: WRONGTYPE/)
  })

  it('renews the lease of what it claimed when it is sent again', async () => {
    await used.queue.enqueue(newRunOf('a'))
    await used.queue.claim('w', 1, { token: 'same' })
    const idleMs = async () => {
      const rows = await used.redis.xpending(used.queue.keys.stream(FN, 'live'), 'w', '-', '+', 1)
      return (rows as [string, string, number, number][])[0]?.[2] ?? NaN
    }
    await waitFor(async () => (await idleMs()) > 50, { timeoutMs: 5_000, what: 'the entry to be idle' })
    await used.queue.claim('w', 1, { token: 'same' })
    expect(await idleMs()).toBeLessThan(50)
  })

  it('does not promote a retry before it is due', async () => {
    await used.queue.settle(await claimOne('a'), { ...FAILED, delayMs: 60_000 })
    expect(await used.queue.promote(10)).toMatchObject({ promoted: 0 })
    expect((await used.queue.claim('w')).claims).toEqual([])
  })

  it('takes low runs when there is no live work, and first where a turn says so', async () => {
    await used.queue.enqueue(newRunOf('low', { lane: 'low' }), newRunOf('live-1'), newRunOf('live-2'))
    const wants = [{ functionName: FN, free: 2, lowFirst: 1 }]
    const mixed = await used.queue.claim('w', 2, { wants })
    expect(mixed.claims.map(({ runId }) => runId)).toEqual(['low', 'live-1'])
    await used.queue.enqueue(newRunOf('low-2', { lane: 'low' }))
    expect((await used.queue.claim('w', 5)).claims.map(({ runId }) => runId)).toEqual(['live-2', 'low-2'])
  })

  it('heals consumer groups that an emptied Redis has lost', async () => {
    await used.queue.ensureGroups([FN])
    await used.redis.del(
      used.queue.keys.stream(FN, 'live'),
      used.queue.keys.stream(FN, 'low'),
      used.queue.keys.stream(FN, 'solo'),
    )
    await used.queue.enqueue(newRunOf('a'))
    expect((await used.queue.claim('w')).claims).toHaveLength(1)
  })
})

describe('heartbeat', () => {
  it('keeps a renewed lease from being taken back', async () => {
    const claim = await claimOne('a')
    const beats = [claim]
    for (let beat = 0; beat < 5; beat++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(await used.queue.heartbeat('w', beats)).toEqual(['ok'])
    }
    expect(await used.queue.takeBack(60)).toEqual([])
  })

  it('tells a worker that its run is another’s, by fence or by token', async () => {
    const claim = await claimOne('a')
    expect(await used.queue.heartbeat('w', [{ ...claim, fence: '7' }])).toEqual(['lost'])
    expect(await used.queue.heartbeat('w', [{ ...claim, token: 'x' }])).toEqual(['lost'])
    await loseWorker()
    expect(await used.queue.heartbeat('w', [claim])).toEqual(['lost'])
  })
})

describe('reclaim', () => {
  it('takes back a lost worker’s run, which then waits for a worker of its own', async () => {
    const zombie = await claimOne('a')
    expect(await loseWorker()).toMatchObject([{ runId: 'a', became: 'requeued', lostWorker: 'w' }])
    await used.queue.enqueue(newRunOf('b'))
    const busy = await used.queue.claim('busy', 5, { inFlight: 1 })
    expect(busy.claims).toEqual([])
    const idle = await used.queue.claim('idle', 5)
    expect(idle.claims.map(({ runId, lane, attempts }) => [runId, lane, attempts])).toEqual([
      ['a', 'solo', 0],
    ])
    expect(await used.queue.settle(zombie, { kind: 'complete', result: '{}' })).toBe('fenced')
  })

  it('does nothing when the call was held up on its way, as by a Redis that was stopped', async () => {
    await claimOne('a')
    const { nowMs } = await used.queue.promote(0)
    await waitFor(
      async () =>
        (await used.queue.takeBack(20, nowMs - 1_001)).length === 0 &&
        (await used.queue.promote(0)).nowMs > nowMs + 40,
      {
        timeoutMs: 5_000,
        what: 'the lease to run out',
      },
    )
    expect(await used.queue.run('a')).toMatchObject({ state: 'running' })
    expect(await used.queue.takeBack(20)).toHaveLength(1)
  })

  it('makes only one busy worker hold back for it, so that the others keep working', async () => {
    await claimOne('a')
    await loseWorker()
    await used.queue.enqueue(newRunOf('b'), newRunOf('c'))
    expect((await used.queue.claim('first', 1, { inFlight: 1 })).claims).toEqual([])
    expect((await used.queue.claim('second', 1, { inFlight: 1 })).claims.map(({ runId }) => runId)).toEqual([
      'b',
    ])
  })

  it('lets others come first for a while after a run that may kill, in the worker that had it', async () => {
    const [a, b] = [await claimOne('a'), await claimOne('b')]
    for (const claim of [a, b])
      await used.queue.settle(claim, { kind: 'isolate', reason: 'the event loop stood still' })
    await used.queue.enqueue(newRunOf('live-1'), newRunOf('live-2'))
    const runsOf = async (consumer: string) =>
      (await used.queue.claim(consumer)).claims.map(({ runId }) => runId)
    expect(await runsOf('w1')).toEqual(['a'])
    expect(await runsOf('w1')).toEqual(['live-1'])
    expect(await runsOf('w2')).toEqual(['b'])
    expect(await runsOf('w2')).toEqual(['live-2'])
  })

  it('keeps a worker from the next such run for four times as long as the last one took', async () => {
    await used.queue.settle(await claimOne('a'), { kind: 'isolate', reason: 'the event loop stood still' })
    const [claim] = (await used.queue.claim('w1')).claims
    const { keys } = used.queue
    const { startedAtMs } = (await used.queue.run('a'))!
    await changeFacts(used.redis, keys, 'a', { startedAtMs: startedAtMs! - 20_000 })
    await used.queue.settle(claim!, { kind: 'complete', result: '{}' }, 'w1')
    expect(await used.redis.pttl(`${keys.prefix}solo:rest:w1`)).toBeGreaterThan(70_000)
  })

  it('lets others come first in a worker that has only begun: the one before it may have died of such a run', async () => {
    await used.queue.settle(await claimOne('a'), { kind: 'isolate', reason: 'the event loop stood still' })
    await used.queue.enqueue(newRunOf('live'))
    await used.queue.registerWorker('new', 5_000, [FN])
    expect((await used.queue.claim('new')).claims.map(({ runId }) => runId)).toEqual(['live'])
    expect((await used.queue.claim('new')).claims.map(({ runId }) => runId)).toEqual(['a'])
  })

  it('keeps the hold of the worker that waits to be idle', async () => {
    await claimOne('a')
    await loseWorker()
    await used.queue.enqueue(newRunOf('b'))
    const key = `${used.queue.keys.prefix}solo`
    await used.queue.claim('first', 1, { inFlight: 1 })
    await used.redis.pexpire(key, 1_000)
    await used.queue.claim('first', 1, { inFlight: 1 })
    expect(await used.redis.pttl(key)).toBeGreaterThan(50_000)
  })

  it('gives the runs of a lost machine to the remaining workers, all at once; only a run with two losses is suspect', async () => {
    await used.queue.enqueue(...['a', 'b', 'c'].map((run) => newRunOf(run)), newRunOf('low', { lane: 'low' }))
    await used.queue.claim('gone', 4)
    expect(await loseWorker('gone', 'unknown')).toHaveLength(4)
    const busy = await used.queue.claim('busy', 8, { inFlight: 5 })
    expect(busy.claims.map(({ runId, lane }) => `${runId} ${lane}`)).toEqual([
      'a live',
      'b live',
      'c live',
      'low low',
    ])
    expect(await used.queue.run('a')).toMatchObject({ losses: 1, crashes: 0, attempts: 0 })
    await loseWorker('busy', 'unknown')
    expect(await used.queue.run('a')).toMatchObject({ lane: 'solo', losses: 2, crashes: 0 })
  })

  it('leaves its runs to a worker that lives and gets no CPU', async () => {
    const claim = await claimOne('a')
    await used.queue.noteFate('w', 'starved', 'is starved', 60_000)
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(await used.queue.takeBack(20)).toEqual([])
    expect(await used.queue.settle(claim, { kind: 'complete', result: '{}' })).toBe('succeeded')
  })

  it('says how the worker was lost, as its supervisor knows it', async () => {
    await claimOne('a')
    expect(await loseWorker()).toMatchObject([{ how: 'was ended by SIGKILL' }])
    expect(await used.queue.run('a')).toMatchObject({ error: 'its worker was lost: w was ended by SIGKILL' })
  })

  it('does not count the crash of a worker that had other runs, and gives up after three alone', async () => {
    await claimOne('a')
    await loseWorker()
    expect(await used.queue.run('a')).toMatchObject({ crashes: 0 })
    const became: unknown[] = []
    for (let crash = 1; crash <= 3; crash++) {
      expect((await used.queue.claim(`w${crash}`)).claims).toHaveLength(1)
      became.push((await loseWorker(`w${crash}`))[0]?.became)
    }
    expect(became).toEqual(['requeued', 'requeued', 'dead'])
    expect(await used.queue.run('a')).toMatchObject({ state: 'dead', reason: 'crash-loop', crashes: 3 })
    expect(await owedVerdicts(used)).toEqual(['a'])
  })
})

describe('redrive, cancel, repair and prune', () => {
  it('runs a dead letter again with a higher epoch, and only once', async () => {
    await used.queue.settle(await claimOne('a'), BURIED)
    const before = Number((await used.redis.time())[0]) * 1_000
    expect(await Promise.all([used.queue.redrive('a'), used.queue.redrive('a')])).toEqual([true, false])
    const { claims } = await used.queue.claim('w', 5)
    expect(claims).toHaveLength(1)
    expect(claims[0]).toMatchObject({ attempts: 0, lane: 'low', trigger: 'redrive' })
    expect(claims[0]!.epoch).toBeGreaterThanOrEqual(before)
    expect(await owedVerdicts(used)).toEqual([])
    expect(await used.redis.xlen(used.queue.keys.dead(FN))).toBe(0)
  })

  it('cancels what waits at once, and what runs through its worker', async () => {
    await used.queue.enqueue(newRunOf('waiting'))
    expect(await used.queue.cancel('waiting')).toBe('cancelled')
    expect((await used.queue.claim('w')).claims).toEqual([])
    const running = await claimOne('running')
    expect(await used.queue.cancel('running')).toBe('running')
    expect(await used.queue.heartbeat('w', [running])).toEqual(['cancelled'])
    expect(await used.queue.settle(running, { kind: 'cancelled', reason: 'on request' })).toBe('cancelled')
    const failing = await claimOne('failing')
    await used.queue.cancel('failing')
    expect(await used.queue.settle(failing, FAILED)).toBe('cancelled')
    await claimOne('lost')
    await used.queue.cancel('lost')
    expect(await loseWorker()).toMatchObject([{ runId: 'lost', became: 'cancelled' }])
    expect(await used.queue.cancel('never heard of')).toBeUndefined()
    expect((await owedVerdicts(used)).toSorted()).toEqual(['failing', 'lost', 'running', 'waiting'])
  })

  it('forgets ended runs beyond age or number, passing over those that are still owed their verdict', async () => {
    // Runs that ended in one millisecond are in the order of their names.
    for (const runId of ['1-owed', '2', '3']) {
      await used.queue.settle(
        await claimOne(runId),
        runId === '1-owed' ? BURIED : { kind: 'complete', result: '' },
      )
    }
    expect(await used.queue.prune(60_000, 100, 10, 0)).toEqual({ forgotten: 0, examined: 0 })
    expect(await used.queue.prune(60_000, 1, 1, 0)).toEqual({ forgotten: 0, examined: 1 })
    expect(await used.queue.prune(60_000, 1, 10, 1)).toEqual({ forgotten: 1, examined: 1 })
    expect(await used.queue.run('2')).toBeUndefined()
    expect(await used.queue.prune(0, 0, 10, 0)).toEqual({ forgotten: 1, examined: 2 })
    const dead = (await used.queue.run('1-owed')) as RunRecord
    await used.queue.verdictWritten(dead)
    expect(await used.queue.prune(0, 0, 10, 0)).toEqual({ forgotten: 1, examined: 1 })
    expect(await used.redis.xlen(used.queue.keys.dead(FN))).toBe(0)
  })

  it('keeps the debt of a verdict when the run has ended again since it was written', async () => {
    await used.queue.settle(await claimOne('a'), BURIED)
    const first = (await used.queue.run('a')) as RunRecord
    await used.queue.redrive('a')
    await used.queue.settle((await used.queue.claim('w')).claims[0]!, BURIED)
    await used.queue.verdictWritten(first)
    expect(await owedVerdicts(used)).toEqual(['a'])
    await used.queue.verdictWritten((await used.queue.run('a')) as RunRecord)
    expect(await owedVerdicts(used)).toEqual([])
  })
})

describe('memory', () => {
  it('settles and claims when Redis is full, and admits nothing', async () => {
    await used.queue.enqueue(newRunOf('a'), newRunOf('b'))
    const claim = (await used.queue.claim('w', 1)).claims[0]!
    await used.redis.config('SET', 'maxmemory', '1')
    try {
      await expect(used.queue.enqueue(newRunOf('c'))).rejects.toThrow(/OOM/)
      expect(await used.queue.heartbeat('w', [claim])).toEqual(['ok'])
      expect(await used.queue.settle(claim, { kind: 'complete', result: '{}' })).toBe('succeeded')
      expect((await used.queue.claim('w', 1)).claims.map(({ runId }) => runId)).toEqual(['b'])
    } finally {
      await used.redis.config('SET', 'maxmemory', '0')
    }
  })
})
