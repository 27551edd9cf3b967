/** The sweep on a real Redis and MinIO, step by step: several at once, one that dies, and what is asked of it. */
import { beforeAll, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { createSweepService } from '../../runtime/api/sweep/service.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { newPass } from '../../runtime/upkeep/sweep/due.ts'
import { steps } from '../../runtime/upkeep/sweep/pass.ts'
import { useSweep } from '../helpers/sweep.ts'

/** Two whole pages and a half. */
const PAGE = 100
const MANY = 250
const used = useSweep({ plain: ['many'], versioned: ['incoming', 'processed', 'metadata'] }, ['cut'])
const { fullPass, putAll, runAll, sweeperOf, sweepStore } = used
const partsOf: typeof used.partsOf = (functions, rest) => used.partsOf(functions, { pageSize: PAGE, ...rest })
const cut = defineFunction({ name: 'cut', version: '1', on: { bucket: 'many' } }, () => new Response())

beforeAll(async () => {
  await putAll(
    'many',
    Array.from({ length: MANY }, (_, index) => `${index}`),
  )
})

const valueOf = async (metric: { get(): Promise<{ values: { value: number }[] }> }) =>
  (await metric.get()).values.reduce((sum, { value }) => sum + value, 0)
const waiting = () => used.queued('cut')

it('admits each lost upload once when two sweep at the same time', async () => {
  const pass = await fullPass()
  const [one, two] = await Promise.all([runAll(partsOf([cut]), pass), runAll(partsOf([cut]), pass)])
  expect([one.objects, two.objects]).toEqual([MANY, MANY])
  expect((one.healed['lost-event'] ?? 0) + (two.healed['lost-event'] ?? 0)).toBe(MANY)
  expect(await waiting()).toBe(MANY)
  expect(await used.redis.zcard(used.queue.keys.runs)).toBe(MANY)
})

it.each([
  { name: 'between two batches', isLastSaved: true, left: MANY - 2 * PAGE },
  { name: 'when it had healed a batch and could not say so any more', isLastSaved: false, left: MANY - PAGE },
])('continues the pass of a process that died $name, and ends with the counts of both', async (death) => {
  const store = sweepStore()
  const start = newPass('w', { kind: 'full', cause: 'start' }, {}, 0, await used.queue.nowMs())
  await store.begin(start)
  for await (const step of steps(partsOf([cut]), start)) {
    const isLast = step.pass.objects >= 2 * PAGE
    if (!isLast || death.isLastSaved) await store.save(step.pass)
    if (isLast) break
  }
  expect((await store.read()).pass?.healed).toEqual({ 'lost-event': 2 * PAGE })
  const { runDue, metrics } = sweeperOf(partsOf([cut]))
  await runDue()
  expect(await valueOf(metrics.sweepObjects)).toBe(death.left)
  const state = await store.read()
  expect(state).not.toHaveProperty('pass')
  expect(state.full).toMatchObject({ id: 'w', objects: MANY, healed: { 'lost-event': MANY } })
  expect(await waiting()).toBe(MANY)
  // It was the one of this start too.
  await runDue()
  expect((await store.read()).full?.id).toBe('w')
})

it('leaves a pass to the process that has taken it over, and stores nothing more of it', async () => {
  const lock = used.queue.keys.lock('sweep')
  const { storage } = used
  let lists = 0
  const losing: Storage = {
    ...storage,
    async *list(bucket, options) {
      if (bucket === 'many' && lists++ === 0) await used.redis.set(lock, 'another')
      yield* storage.list(bucket, options)
    },
  }
  const { runDue, metrics } = sweeperOf(partsOf([cut], { storage: losing }))
  await runDue()
  const store = sweepStore()
  expect((await store.read()).pass).toMatchObject({ objects: 0, at: { stage: 'objects', bucket: '' } })
  await runDue()
  expect(await valueOf(metrics.sweepObjects)).toBe(PAGE)
  await used.redis.del(lock)
  await runDue()
  expect((await store.read()).full).toMatchObject({ objects: MANY })
  expect(await waiting()).toBe(MANY)
})

it('stores nothing of a pass whose place another one has taken', async () => {
  const store = sweepStore()
  const [mine, another] = [await fullPass(), { ...(await fullPass()), id: 'another' }]
  await store.begin(mine)
  await store.begin(another)
  expect(await store.save({ ...mine, objects: 7 })).toBe(false)
  expect((await store.read()).pass).toMatchObject({ id: 'another', objects: 0 })
})

it('starts again when Redis forgets everything in the middle of a pass', async () => {
  const { storage } = used
  let isForgotten = false
  const forgetting: Storage = {
    ...storage,
    async *list(bucket, options) {
      for await (const row of storage.list(bucket, options)) {
        if (bucket === 'many' && row.key === '200' && !isForgotten) {
          isForgotten = true
          await used.redis.flushall()
        }
        yield row
      }
    },
  }
  const { runDue } = sweeperOf(partsOf([cut], { storage: forgetting }))
  await runDue()
  const store = sweepStore()
  expect(await store.read()).toEqual({})
  await runDue()
  expect((await store.read()).full).toMatchObject({ cause: 'no-marker', objects: MANY })
  expect(await waiting()).toBe(MANY)
})

it('keeps its place when it has to stop, or when the store fails in the middle', async () => {
  const { storage } = used
  let hooks: (() => void)[] = []
  const hooked: Storage = {
    ...storage,
    async *list(bucket, options) {
      for await (const row of storage.list(bucket, options)) {
        if (bucket === 'many' && row.key === '200') hooks.shift()?.()
        yield row
      }
    },
  }
  const parts = partsOf([cut], { storage: hooked })
  const [failing, stopped, last] = [sweeperOf(parts), sweeperOf(parts), sweeperOf(parts)]
  const read = async () => (await sweepStore().read()).pass
  hooks = [
    () => {
      throw new Error('the store is away')
    },
    () => stopped.stop(),
  ]
  await expect(failing.runDue()).rejects.toThrow('the store is away')
  const kept = await read()
  expect(kept).toMatchObject({ objects: PAGE })
  await used.redis.del(used.queue.keys.lock('sweep'))
  await stopped.runDue()
  await used.redis.del(used.queue.keys.lock('sweep'))
  await last.runDue()
  expect((await sweepStore().read()).full).toMatchObject({
    id: kept?.id,
    objects: MANY,
    healed: { 'lost-event': MANY },
  })
  expect(await waiting()).toBe(MANY)
})

it('says in a dry run what it would do, and changes nothing', async () => {
  const service = createSweepService({ ...partsOf([cut]), store: used.sweepStore() })
  const request = { kind: 'full', dryRun: true } as const
  const answer = await service.sweep(request)
  expect(answer).toMatchObject({ objects: MANY, healed: { 'lost-event': MANY } })
  expect(answer).toHaveProperty('sample.length', 10)
  expect(await used.redis.keys(`${used.queue.keys.prefix}*`)).toEqual([])
  const bounded = createSweepService({ ...partsOf([cut]), store: used.sweepStore(), maxObjects: 120 })
  await expect(bounded.sweep(request)).rejects.toThrow(/more than 120 objects/)
  await expect(service.sweep({ ...request, bucket: 'none' })).rejects.toThrow(/no function reads "none"/)
})

it('counts a lost place once in a dry run, and in one of a part too', async () => {
  const service = createSweepService({ ...partsOf([cut]), store: used.sweepStore() })
  await runAll(partsOf([cut]), await fullPass('249'))
  await used.redis.del(used.queue.keys.stream('cut', 'low'))
  for (const part of [{}, { prefix: '249' }]) {
    const { healed } = await service.sweep({ kind: 'full', dryRun: true, ...part })
    expect(healed['stream-entry']).toBe(1)
  }
})

it('takes requests one after the other, in the order in which they came: the same once more is the same', async () => {
  const service = createSweepService({ ...partsOf([cut]), store: used.sweepStore() })
  const request = { kind: 'full', dryRun: false, prefix: '11' } as const
  const first = await service.sweep(request)
  expect(await service.sweep(request)).toEqual(first)
  const other = await service.sweep({ ...request, prefix: '12' })
  const ended = { status: 'done', cause: 'request' }
  const { runDue } = sweeperOf(partsOf([cut]))
  await runDue()
  expect((await service.view()).passes).toMatchObject([other, { ...first, ...ended, objects: 1 + 10 }])
  await runDue()
  expect((await service.view()).passes).toMatchObject([
    { ...other, ...ended, objects: 1 + 10 },
    { ...first, ...ended, objects: 1 + 10 },
  ])
  for (let n = 0; n < 20; n++) await service.sweep({ ...request, prefix: `${n}` })
  await expect(service.sweep({ ...request, prefix: '20' })).rejects.toThrow(
    /too many sweeps are already waiting/,
  )
})
