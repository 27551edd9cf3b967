import { beforeEach, describe, expect, it } from 'vitest'
import { lookDebt, verdictDebt } from '../../runtime/queue/debts.ts'
import { createHistory, type History } from '../../runtime/queue/history.ts'
import type { ClaimRequest } from '../../runtime/queue/outbox.ts'
import type { RerunRequest } from '../../runtime/queue/queue.ts'
import { allDebts, makeDue, owedVerdicts } from '../helpers/debts.ts'
import { BURIED, FAILED, FN, newRunOf, NOTHING, RELEASED, useQueue } from '../helpers/queue.ts'
import { changeFacts } from '../helpers/packed-run.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useQueue()
let history: History
beforeEach(() => {
  history = createHistory(used.redis, used.queue.keys)
})

const DONE = { kind: 'complete', result: '{}' } as const

async function claimOne(runId: string) {
  await used.queue.enqueue(newRunOf(runId))
  return (await used.queue.claim('w')).claims[0]!
}

async function rerun(runId: string, rest: Partial<RerunRequest> = {}) {
  const { functionName, objectId, payload } = newRunOf(runId)
  const items = [{ runId, functionName, objectId, payload }]
  return used.queue.rerun({ trigger: 'reprocess', isForced: false, items, ...rest })
}

describe('rerun', () => {
  it('is no longer among what has ended, is not cancelled by an old word, and keeps no old reason', async () => {
    const claim = await claimOne('a')
    await used.queue.cancel('a')
    await used.queue.settle(claim, { kind: 'cancelled', reason: 'on request' })
    const { epoch } = (await used.queue.run('a'))!
    expect(await rerun('a')).toEqual(['queued'])
    expect(await used.queue.prune(0, 0, 10, 0)).toEqual({ forgotten: 0, examined: 0 })
    expect(await used.redis.smembers(used.queue.keys.open('object-of-a'))).toEqual(['a'])
    const run = await used.queue.run('a')
    expect(run).not.toHaveProperty('reason')
    expect(run!.epoch).toBeGreaterThan(epoch)
    const next = (await used.queue.claim('w')).claims[0]!
    expect(await used.queue.heartbeat('w', [next])).toEqual(['ok'])
    expect(await used.queue.settle(next, FAILED)).toBe('retrying')
  })

  it('raises the epoch also when Redis has a later one than its clock', async () => {
    await used.queue.settle(await claimOne('a'), DONE)
    const late = 9_000_000_000_000
    await changeFacts(used.redis, used.queue.keys, 'a', { epoch: late })
    await rerun('a')
    expect((await used.queue.run('a'))!.epoch).toBe(late + 1)
  })

  it('hands back an attempt that was aborted by a message for the previous one', async () => {
    await used.queue.settle(await claimOne('a'), DONE)
    await rerun('a')
    const next = (await used.queue.claim('w')).claims[0]!
    expect(await used.queue.settle(next, { kind: 'cancelled', reason: 'on request' })).toBe('queued')
  })

  it('runs what has ended once more, from the start, behind uploads, with a higher epoch', async () => {
    await used.queue.settle(await claimOne('a'), DONE)
    expect(await rerun('a')).toEqual(['queued'])
    const { claims } = await used.queue.claim('w')
    expect(claims[0]).toMatchObject({ runId: 'a', lane: 'low', trigger: 'reprocess', attempts: 0 })
    expect(claims[0]!.epoch).toBeGreaterThan(1_700_000_000_000)
    expect(await used.queue.settle(claims[0]!, DONE)).toBe('succeeded')
  })

  it('leaves a run of the sweep as it is when another has run it again since it was decided about', async () => {
    const { functionName, objectId, payload } = newRunOf('a')
    const sweep = (seenEpoch: string) =>
      rerun('a', {
        trigger: 'sweep',
        items: [{ runId: 'a', functionName, objectId, payload, seenEpoch }],
      })
    await used.queue.settle(await claimOne('a'), DONE)
    expect(await sweep('none')).toEqual(['ended'])
    expect(await sweep('0')).toEqual(['queued'])
    await used.queue.settle((await used.queue.claim('w')).claims[0]!, DONE)
    expect(await sweep('0')).toEqual(['ended'])
    expect((await used.queue.run('a'))!.state).toBe('succeeded')
  })

  it('makes the run of an object that Redis knows nothing of', async () => {
    expect(await rerun('a')).toEqual(['queued'])
    const { claims } = await used.queue.claim('w')
    expect(claims[0]).toMatchObject({ payload: { key: 'a.mp4' }, fence: '1' })
    expect(await used.queue.settle(claims[0]!, FAILED)).toBe('retrying')
  })

  it('leaves what is queued, running or retrying alone unless it is forced', async () => {
    await used.queue.enqueue(newRunOf('queued'))
    expect(await rerun('queued')).toEqual(['busy'])
    expect(await rerun('queued', { isForced: true })).toEqual(['queued'])
    const claim = (await used.queue.claim('w', 5)).claims
    expect(claim).toHaveLength(1)
    expect(await rerun('queued')).toEqual(['busy'])
    expect(await rerun('queued', { isForced: true })).toEqual(['queued'])
    expect(await used.queue.heartbeat('w', claim)).toEqual(['lost'])
    expect(await used.queue.settle(claim[0]!, DONE)).toBe('fenced')
    const next = (await used.queue.claim('w', 5)).claims
    expect(next).toHaveLength(1)
    await used.queue.settle(next[0]!, { ...FAILED, delayMs: 60_000 })
    expect(await rerun('queued')).toEqual(['busy'])
    expect(await rerun('queued', { isForced: true })).toEqual(['queued'])
    expect(await used.redis.zcard(used.queue.keys.delay)).toBe(0)
    expect((await used.queue.claim('w', 5)).claims).toHaveLength(1)
  })

  it('redrives dead letters only, and says what the others are', async () => {
    await used.queue.settle(await claimOne('done'), DONE)
    await used.queue.enqueue(newRunOf('waiting'))
    expect(await rerun('done', { trigger: 'redrive' })).toEqual(['ended'])
    expect(await rerun('waiting', { trigger: 'redrive' })).toEqual(['busy'])
    const items = [{ runId: 'never heard of' }]
    expect(await rerun('', { trigger: 'redrive', items })).toEqual(['unknown'])
  })

  it('does the step of a job once, and none when the job is over', async () => {
    const jobKey = `${used.queue.keys.prefix}job:j`
    await used.redis.hset(jobKey, { status: 'running', position: '0' })
    const step = { job: 'j', position: 0 }
    expect(await rerun('a', { step })).toEqual(['queued'])
    expect(await rerun('a', { step })).toBeUndefined()
    expect(await rerun('a', { step: { job: 'j', position: 1 } })).toEqual(['busy'])
    expect(await used.redis.hgetall(jobKey)).toMatchObject({ position: '2', handedOut: '1', passedOver: '1' })
    await used.redis.hset(jobKey, 'status', 'cancelled')
    expect(await rerun('b', { step: { job: 'j', position: 2 } })).toBeUndefined()
  })
})

it('takes purged dead letters off the list, remembers their runs, and can still run them again', async () => {
  await used.queue.settle(await claimOne('a'), BURIED)
  expect(await used.queue.purge(['a', 'b'])).toBe(1)
  expect(await used.queue.purge(['a'])).toBe(0)
  expect(await used.redis.xlen(used.queue.keys.dead(FN))).toBe(0)
  await used.queue.enqueue(newRunOf('a'))
  expect(await used.queue.run('a')).toMatchObject({ state: 'dead' })
  expect(await rerun('a', { trigger: 'redrive' })).toEqual(['queued'])
})

it('remembers how attempts ended, oldest first, the newest ten', async () => {
  await used.queue.settle(await claimOne('a'), { ...FAILED, lines: 'one\ntwo' })
  await used.queue.promote(10)
  // Handed back again and again, as in an outage: told once.
  for (let i = 0; i < 12; i++) await used.queue.settle((await used.queue.claim('w')).claims[0]!, RELEASED)
  await used.queue.settle((await used.queue.claim('w')).claims[0]!, BURIED)
  const tries = await history.tries('a')
  expect(tries).toMatchObject([
    { outcome: 'failed', error: 'boom', lines: ['one', 'two'], worker: 'w', epoch: 0 },
    { outcome: 'released', error: 'drain' },
    { outcome: 'dead', error: 'no video', lines: [] },
  ])
  expect(tries[0]!.endedAtMs).toBeGreaterThanOrEqual(tries[0]!.startedAtMs)
})

it('remembers what was announced of an object, and each time that it was', async () => {
  const text = JSON.stringify(['notification', 'created', 'Put', '17A0', 1_763_900_000_000, 'v1'])
  const announced = [{ objectId: 'o', text }]
  await used.queue.admit({ ...NOTHING, announced })
  await used.queue.admit({ ...NOTHING, announced })
  const [first, second] = await history.announcements('o')
  expect(first).toMatchObject({ path: 'notification', kind: 'created', eventName: 'Put', generation: 'v1' })
  expect(second!.heardAtMs).toBeGreaterThanOrEqual(first!.heardAtMs)
  expect(await used.redis.pttl(used.queue.keys.events('o'))).toBeGreaterThan(0)
  for (let i = 0; i < 50; i++) await used.queue.admit({ ...NOTHING, announced })
  expect(await history.announcements('o')).toHaveLength(40)
})

it('leaves nothing in Redis of runs that are forgotten', async () => {
  await used.queue.settle(await claimOne('dead'), { ...BURIED, lines: 'last' })
  await used.queue.settle(await claimOne('done'), DONE)
  await used.queue.verdictWritten((await used.queue.run('dead'))!)
  expect(await used.queue.hasUnfinished('object-of-dead', 'v1')).toBe(true)
  expect(await used.queue.prune(0, 0, 10, 0)).toMatchObject({ forgotten: 2 })
  const left = await used.redis.keys(`${used.queue.keys.prefix}*`)
  // The counts of a minute go by themselves.
  const tallies = left.filter((key) => /:tally:\d+$/.test(key))
  for (const key of tallies) expect(await used.redis.ttl(key)).toBeGreaterThan(0)
  // The streams themselves, what a worker did last and waits for, and what it has not looked at since.
  const streams = /:(q:cut(:\w+)?|dead:cut|turn:\w+:\d|waits:\w+|ready)$/
  expect(left.filter((key) => !tallies.includes(key) && !streams.test(key))).toEqual([])
})

it('knows of an object whether a run of this version is unfinished, of any function', async () => {
  const { queue } = used
  expect(await queue.hasUnfinished('o', 'v1')).toBe(false)
  await queue.enqueue(newRunOf('a', { objectId: 'o', functionName: 'unknown here' }))
  expect(await queue.hasUnfinished('o', 'v1')).toBe(true)
  expect(await queue.hasUnfinished('o', 'v2')).toBe(false)
})

/** What a process claims that knows the functions of the bucket `incoming`. */
const claimDebts = (rest: Partial<ClaimRequest> = {}) =>
  used.queue.claimDebts({
    kinds: ['look'],
    functions: [{ name: FN, bucket: 'incoming', afterSuccess: 'keep' }],
    count: 10,
    forMs: 60_000,
    leaveMs: 60_000,
    ...rest,
  })
const debtOf = (name: string, bucket = 'incoming') => lookDebt(bucket, name, '', '')
const texts = ({ debts }: Awaited<ReturnType<typeof claimDebts>>) => debts.map(({ text }) => text)

it('keeps debts for later that could not be paid, and hands the others out in the order of their due times', async () => {
  const { queue } = used
  await queue.owe(debtOf('later'), 60_000)
  await queue.owe(debtOf('second'), -1_000)
  await queue.owe(debtOf('first'), -2_000)
  expect(texts(await claimDebts())).toEqual([debtOf('first'), debtOf('second')])
  await queue.debtPaid(debtOf('first'))
  await queue.owe(debtOf('later'), 0)
  expect(texts(await claimDebts())).toEqual([debtOf('later')])
})

it('gives a debt to one process, and to another when that one has not paid it in time', async () => {
  const { queue, redis } = used
  await queue.owe(debtOf('a'), -1_000)
  const [claimed] = (await claimDebts()).debts
  expect(Number(await redis.zscore(queue.keys.debts, debtOf('a')))).toBe(claimed!.atMs + 60_000)
  expect(claimed!.untilMs).toBe(claimed!.atMs + 60_000)
  expect(claimed!.dueAtMs).toBeLessThan(claimed!.atMs)
  expect(texts(await claimDebts())).toEqual([])
  await redis.zadd(queue.keys.debts, claimed!.atMs, debtOf('a'))
  // Two claims of the same millisecond would be alike; in production the second one comes ten seconds later.
  await waitFor(async () => (await queue.nowMs()) > claimed!.atMs, { timeoutMs: 5_000, what: 'time' })
  const [again] = (await claimDebts()).debts
  expect(again).toMatchObject({ dueAtMs: claimed!.atMs })
  // The first process is late: the debt is another's by now, and stays with it.
  await queue.putOffDebt(claimed!, 0, true)
  expect(Number(await redis.zscore(queue.keys.debts, debtOf('a')))).toBe(again!.untilMs)
  await queue.debtPaid(debtOf('a'))
  expect(texts(await claimDebts())).toEqual([])
})

it('counts the attempts of a debt, and forgets them when it is paid', async () => {
  const { queue } = used
  for (const attempts of [0, 1, 2]) {
    await queue.owe(debtOf('a'), 0)
    const [claimed] = (await claimDebts()).debts
    expect(claimed).toMatchObject({ attempts })
    await queue.putOffDebt(claimed!, 0, true)
  }
  await queue.putOffDebt((await claimDebts()).debts[0]!, 0, false)
  expect((await claimDebts()).debts).toMatchObject([{ attempts: 3 }])
  await queue.debtPaid(debtOf('a'))
  await queue.owe(debtOf('a'), 0)
  expect((await claimDebts()).debts).toMatchObject([{ attempts: 0 }])
})

it('leaves a debt to processes that can pay it, and hands it out when none has come for it', async () => {
  await used.queue.owe(debtOf('a', 'elsewhere'), -5_000)
  await used.queue.owe(debtOf('b'), -1_000)
  expect(await claimDebts()).toMatchObject({ debts: [{ text: debtOf('b') }], passed: 1, isMore: false })
  expect((await claimDebts({ passed: 1 })).debts).toEqual([])
  expect((await claimDebts({ leaveMs: 5_000 })).debts).toMatchObject([{ missing: 'bucket "elsewhere"' }])
})

it('takes over the verdicts that an older version has left, with their attempts', async () => {
  const { queue, redis } = used
  const { prefix } = queue.keys
  const ids = ['owed', 'waiting', 'redriven', 'pruned']
  for (const runId of ids) await queue.settle(await claimOne(runId), BURIED)
  for (const text of await allDebts(used)) await redis.zrem(queue.keys.debts, text)
  await redis.sadd(`${prefix}verdicts`, 'owed', 'redriven')
  await redis.zadd(`${prefix}verdicts:later`, Date.now() + 60_000, 'waiting', Date.now() + 60_000, 'pruned')
  await redis.hset(queue.keys.run('waiting'), 'verdictTries', 7)
  // Before they are taken over they are known all the same: none is forgotten, and one that is run again owes none.
  expect(await queue.prune(0, 0, 10, 0)).toEqual({ forgotten: 0, examined: 4 })
  await queue.redrive('redriven')
  await queue.verdictWritten((await queue.run('pruned'))!)
  const claim = { kinds: ['verdict'] as const }
  expect((await claimDebts(claim)).debts).toMatchObject([{ text: verdictDebt('owed'), attempts: 0 }])
  expect((await owedVerdicts(used)).toSorted()).toEqual(['owed', 'waiting'])
  expect(await redis.exists(`${prefix}verdicts`, `${prefix}verdicts:later`)).toBe(0)
  await makeDue(used)
  const { endedAtMs } = (await queue.run('waiting'))!
  expect((await claimDebts(claim)).debts).toContainEqual(
    expect.objectContaining({ text: verdictDebt('waiting'), attempts: 7, sinceMs: endedAtMs }),
  )
})

it('accepts limits only from callers that know what Redis knew', async () => {
  const { queue } = used
  const one = { schema: 1, revision: 1, isPaused: true } as const
  expect(await queue.setLimits('cut', one, '')).toBe(true)
  expect(await queue.setLimits('cut', one, '')).toBe(true)
  const two = { ...one, revision: 2, isPaused: false }
  expect(await queue.setLimits('cut', two, 'something else')).toBe(false)
  expect(await queue.setLimits('cut', two, await queue.limits('cut'))).toBe(true)
})
