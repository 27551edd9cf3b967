import type { Redis } from 'ioredis'
import { beforeEach, describe, expect, it } from 'vitest'
import { purgeRequest, redriveRequest } from '../../runtime/api/dead-letters/model.ts'
import { createJobStore } from '../../runtime/queue/jobs.ts'
import { createDeadLetterService } from '../../runtime/api/dead-letters/service.ts'
import { createHistory, type History } from '../../runtime/queue/history.ts'
import type { RunFilter } from '../../runtime/queue/run-filter.ts'
import { runIdOf } from '../../runtime/queue/keys.ts'
import type { Settlement } from '../../runtime/queue/turn.ts'
import { functionNamed } from '../unit/api/objects/facts.ts'
import { BURIED, FN, newRunOf, useQueue } from '../helpers/queue.ts'

const used = useQueue()
let history: History
beforeEach(() => {
  history = createHistory(used.redis, used.queue.keys)
})

/** How many whole runs `work` reads. */
async function runsReadBy<T>(redis: Redis, work: () => Promise<T>): Promise<{ result: T; read: number }> {
  await redis.config('RESETSTAT')
  const result = await work()
  const stats = await redis.info('commandstats')
  // Two hashes of each.
  return { result, read: Number(/cmdstat_hgetall:calls=(\d+)/.exec(stats)?.[1] ?? 0) / 2 }
}

const idsOf = (runs: readonly { readonly runId: string }[]) => runs.map(({ runId }) => runId)
const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`)

async function pages<T, P>(page: (after: P | undefined) => Promise<{ runs: readonly T[]; next?: P }>) {
  const all: T[] = []
  let after: P | undefined
  do {
    const { runs, next } = await page(after)
    all.push(...runs)
    after = next
  } while (after)
  return all
}

describe('runs that match', () => {
  it('are found one and all, newest first, with their sizes, by a part of their keys too', async () => {
    await used.queue.enqueue(...numbered('a', 700).map((runId) => newRunOf(runId)))
    await used.queue.cancel('a-0600')
    await used.queue.cancel('a-0001')
    const walk = async (filter: RunFilter) => {
      const found = []
      for await (const some of history.walkRuns({ filter })) found.push(...some)
      return found
    }
    expect(idsOf(await walk({ states: ['cancelled'] }))).toEqual(['a-0600', 'a-0001'])
    expect(await walk({})).toHaveLength(700)
    expect((await walk({ states: ['cancelled'] }))[0]).toMatchObject({ functionName: FN, sizeBytes: 1 })
    expect(idsOf(await walk({ contains: 'A-06' }))).toEqual(numbered('a', 700).slice(600).toReversed())
    expect(idsOf((await history.list({ filter: { contains: '-0699' }, limit: 5 })).runs)).toEqual(['a-0699'])
  })
})

describe('the list of runs', () => {
  it('goes through all of them page by page, newest first, none twice, also within a batch of one time', async () => {
    for (const batch of ['0', '1', '2'])
      await used.queue.enqueue(...numbered(batch, 700).map((runId) => newRunOf(runId)))
    const seen = idsOf(
      await pages((after) => history.list({ filter: {}, limit: 250, after: after as never })),
    )
    expect(seen).toEqual(['2', '1', '0'].flatMap((batch) => numbered(batch, 700).toReversed()))
  })

  it('continues at the same place when the run it stopped at no longer exists', async () => {
    await used.queue.enqueue(...['a', 'b', 'c', 'd'].map((runId) => newRunOf(runId)))
    const first = await history.list({ filter: {}, limit: 2 })
    await used.redis.zrem(used.queue.keys.runs, 'c')
    const rest = await history.list({ filter: {}, limit: 10, after: first.next })
    expect([idsOf(first.runs), idsOf(rest.runs)]).toEqual([
      ['d', 'c'],
      ['b', 'a'],
    ])
  })

  it.each([
    [{ states: ['cancelled' as const] }, ['b']],
    [{ states: [] }, []],
    [{ function: 'glue' }, ['c']],
    [{ bucket: 'other' }, ['c']],
    [{ prefix: 'ü/"' }, ['c']],
    [{ prefix: 'a', bucket: 'incoming', function: FN }, ['a']],
    [{ reason: 'cancelled' }, ['b']],
  ])('has of the filter %j %j', async (filter, expected) => {
    const payload = { ...newRunOf('c').payload, bucket: 'other', key: 'ü/"c' }
    await used.queue.enqueue(newRunOf('a'), newRunOf('b'), newRunOf('c', { functionName: 'glue', payload }))
    await used.queue.cancel('b')
    expect(idsOf((await history.list({ filter, limit: 10 })).runs)).toEqual(expected)
  })

  it('has only what was asked for in the time that is asked for', async () => {
    await used.queue.enqueue(newRunOf('a'), newRunOf('b'))
    const { createdAtMs } = (await used.queue.run('a'))!
    const within = async (sinceMs: number, untilMs: number) =>
      (await history.list({ filter: {}, limit: 10, sinceMs, untilMs })).runs.length
    expect(await within(createdAtMs, createdAtMs)).toBe(0)
    expect(await within(createdAtMs, createdAtMs + 1)).toBe(2)
    expect(await within(createdAtMs + 1, createdAtMs + 2)).toBe(0)
  })

  it('reads the runs that it shows, and no others', async () => {
    await used.queue.enqueue(...numbered('a', 1_400).map((runId) => newRunOf(runId)))
    await used.queue.cancel('a-0003')
    const page = await runsReadBy(used.redis, () => history.list({ filter: {}, limit: 50 }))
    expect(page.read).toBe(50)
    const rare = await runsReadBy(used.redis, () =>
      history.list({ filter: { states: ['cancelled'], prefix: 'a-0' }, limit: 50 }),
    )
    expect([rare.read, idsOf(rare.result.runs)]).toEqual([1, ['a-0003']])
  })
})

/** Runs that were given up one after the other, each in one request with all others. */
async function bury(functionName: string, runIds: readonly string[]) {
  await used.queue.enqueue(...runIds.map((runId) => newRunOf(runId, { functionName })))
  const wants = [{ functionName, free: runIds.length, lowFirst: 0 }]
  for (let left = runIds.length; left > 0;) {
    const { claims } = await used.queue.claim('w', left, { wants })
    const settlements = claims.map(({ runId, fence, token }): Settlement => ({
      runId,
      fence,
      token,
      ...BURIED,
    }))
    await used.queue.claim('w', 0, { settlements, wants: [] })
    left -= claims.length
  }
}

const service = () =>
  createDeadLetterService({
    queue: used.queue,
    history,
    jobs: createJobStore(used.redis, used.queue, 60_000),
    functions: [functionNamed(FN), functionNamed('glue')],
    onJob: () => undefined,
  })

describe('dead letters', () => {
  it('of several functions are listed page by page, the newest death first, none twice', async () => {
    await bury(FN, numbered('a', 300))
    await bury('glue', numbered('b', 300))
    await bury(FN, numbered('c', 3))
    const functionNames = [FN, 'glue']
    const page = (after: unknown) =>
      history.deadLetters({ functionNames, filter: {}, limit: 70, after: after as never })
    const seen = idsOf(await pages(page))
    expect([seen.length, new Set(seen).size]).toEqual([603, 603])
    expect([...new Set(seen.map((runId) => runId[0]))]).toEqual(['c', 'b', 'a'])
    const rare = { functionNames, filter: { prefix: 'a-0007' }, limit: 70 }
    expect(idsOf((await history.deadLetters(rare)).runs)).toEqual(['a-0007'])
    const none = { functionNames, filter: { reason: 'exhausted' }, limit: 70 }
    expect((await history.deadLetters(none)).runs).toEqual([])
  })

  it('are counted, chosen and taken off the list without being read', async () => {
    const ids = numbered('a'.repeat(27), 600)
    await bury(FN, ids)
    const dry = await runsReadBy(used.redis, () => service().redrive(redriveRequest.parse({ dryRun: true })))
    expect(dry.result).toMatchObject({ matched: 600, totalBytes: 600 })
    expect(dry.read).toBe(10)
    const refused = await runsReadBy(used.redis, () =>
      service()
        .redrive(redriveRequest.parse({ limit: 5 }))
        .catch((error: unknown) => error),
    )
    expect(refused.result).toMatchObject({ kind: 'impossible', details: { matched: 600, limit: 5 } })
    expect(refused.read).toBe(0)
    const named = { runs: [...ids.slice(1), '0'.repeat(32)] }
    const purged = await runsReadBy(used.redis, () =>
      service().purge({ ...purgeRequest.parse({}), ...named }),
    )
    expect([purged.result, purged.read]).toEqual([{ purged: 599 }, 0])
    expect(await used.redis.xlen(used.queue.keys.dead(FN))).toBe(1)
  })
})

it('adds up how far the runs of a job are, and names no more failures than it is asked for', async () => {
  const jobs = createJobStore(used.redis, used.queue, 60_000)
  const ids = numbered('a', 8)
  await used.queue.enqueue(...ids.map((runId) => newRunOf(runId)))
  const { queue } = used
  for (const [index, id] of ids.entries()) {
    if (index < 3) await queue.cancel(id)
    else {
      const [claim] = (await queue.claim('w')).claims
      const progress = index < 6 ? `{"percent":${index * 10}.5}` : '{"mediaSeconds":3}'
      await queue.heartbeat('w', [{ ...claim!, progress }])
    }
  }
  const items = ids.map((runId) => ({ runId, payload: newRunOf(runId).payload }))
  const job = await jobs.create({ kind: 'reprocess', isForced: false, request: {}, items })
  const counted = await history.countRuns(job.id, 8, 2)
  expect(counted).toEqual({
    states: { cancelled: 3, running: 5 },
    percentOfRunning: 121.5,
    failed: [expect.any(String), expect.any(String)],
  })
})

it('counts what became of the runs of a job without reading them', async () => {
  const jobs = createJobStore(used.redis, used.queue, 60_000)
  await used.queue.enqueue(...numbered('a', 700).map((runId) => newRunOf(runId)))
  await used.queue.cancel('a-0001')
  const payload = { ...newRunOf('x').payload, options: { runId: 'a-0001' }, key: '"runId":"a-0001"' }
  const items = [...numbered('a', 700), 'gone', 'later'].map((runId) => ({ runId, payload }))
  const job = await jobs.create({ kind: 'reprocess', isForced: false, request: {}, items })
  const { result, read } = await runsReadBy(used.redis, () => history.countRuns(job.id, 701, 20))
  expect({ result, read }).toEqual({
    result: {
      states: { queued: 699, cancelled: 1, forgotten: 1 },
      percentOfRunning: 0,
      failed: ['a-0001'],
    },
    read: 0,
  })
})

describe('an id of which only the beginning is given', () => {
  it('is found among many runs, as are all that start with the same digits', async () => {
    const ids = Array.from({ length: 600 }, (_, index) => runIdOf(FN, 'incoming', `${index}.mp4`, 'v'))
    const twins = ['a', 'b'].map((letter) => `0123abcd${letter.repeat(24)}`)
    await used.queue.enqueue(...[...ids, ...twins].map((runId) => newRunOf(runId)))
    expect(await history.runsBeginning(ids[300]!.slice(0, 8))).toEqual([ids[300]])
    expect((await history.runsBeginning('0123abcd')).toSorted()).toEqual(twins)
    expect(await history.runsBeginning('0123abcdc')).toEqual([])
  })

  it('is found among jobs, in any case of letters, unless the job is forgotten', async () => {
    const jobs = createJobStore(used.redis, used.queue, 60_000)
    const create = () => jobs.create({ kind: 'redrive', isForced: false, request: {}, items: [] })
    const [one, two] = [await create(), await create()]
    const { keys } = used.queue
    await used.redis.del(`${keys.prefix}job:${two.id}`)
    expect(await jobs.beginning(one.id.slice(0, 8).toLowerCase())).toEqual([one.id])
    expect(await jobs.beginning(two.id.slice(0, 25))).toEqual([])
  })

  it('names dead letters to run again', async () => {
    const runId = runIdOf(FN, 'incoming', 'a.mp4', 'v')
    await bury(FN, [runId, ...numbered('a', 3)])
    const request = redriveRequest.parse({ runs: [runId.slice(0, 8), '00000000'], dryRun: true })
    expect(await service().redrive(request)).toMatchObject({ matched: 1 })
  })
})
