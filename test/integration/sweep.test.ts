/** The sweep on a real Redis and MinIO, step by step: several at once, one that dies, and what a whole stack makes seldom. */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { defineFunction, type FunctionDefinition } from '../../runtime/function.ts'
import { createRouter } from '../../runtime/intake/routing.ts'
import { createLogger } from '../../runtime/logger.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { createSweepService } from '../../runtime/operations/sweep.ts'
import { createHistory } from '../../runtime/queue/history.ts'
import { objectIdOf } from '../../runtime/queue/keys.ts'
import { createQueue, type Queue } from '../../runtime/queue/queue.ts'
import { connectRedis } from '../../runtime/queue/redis.ts'
import { createWatermark } from '../../runtime/storage/provision/watermark.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { newPass } from '../../runtime/sweep/due.ts'
import { listKeys } from '../../runtime/sweep/listing.ts'
import { steps, type PassParts } from '../../runtime/sweep/pass.ts'
import { createSweepStore, type Pass } from '../../runtime/sweep/store.ts'
import { createSweeper } from '../../runtime/sweep/sweeper.ts'
import { announcementOf } from '../../runtime/intake/announcement.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { NOTHING } from '../helpers/queue.ts'
import { startTestRedis, type TestRedis } from '../helpers/servers.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'

const log = createLogger({ level: 'silent', format: 'json' })
const BODY = { contentType: 'text/plain' }
const MANY = 1_150
const used = {} as { server: TestRedis; redis: Redis; store: TestStore; queue: Queue }
const functionOf = (name: string, on: object = {}, rest: object = {}) =>
  defineFunction({ name, version: '1', on: { bucket: 'incoming', ...on }, ...rest }, () => new Response())
const cut = functionOf('cut', { bucket: 'many' })

async function putAll(bucket: string, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += 50) {
    const some = keys.slice(at, at + 50)
    await Promise.all(
      some.map((key) => used.store.storage.put(bucket, key, { bytes: Buffer.from('x') }, BODY)),
    )
  }
}

beforeAll(async () => {
  used.server = await startTestRedis()
  used.redis = connectRedis(used.server.url, 'command', log)
  used.store = await startTestStore({
    plain: ['many'],
    versioned: ['incoming', 'processed', 'metadata'],
  })
  for (const name of ['cut', 'copies', 'mirror', 'plain']) await createWatermark(used.store.storage, name)
  await putAll(
    'many',
    Array.from({ length: MANY }, (_, index) => `${index}`),
  )
})
afterAll(async () => {
  used.redis?.disconnect()
  await used.store?.stop()
  await used.server?.stop()
})
beforeEach(() => {
  used.queue = createQueue(used.redis, `test-${randomUUID().slice(0, 8)}`)
})

function partsOf(functions: readonly FunctionDefinition[], rest: Partial<PassParts> = {}): PassParts {
  const { queue, redis, store } = used
  return {
    queue,
    storage: store.storage,
    functions,
    router: createRouter(functions),
    history: createHistory(redis, queue.keys),
    graceMs: 0,
    paths: 2,
    recordTtlMs: 60_000,
    ...rest,
  }
}

const fullPass = async (prefix?: string): Promise<Pass> => {
  const wish = { id: 'w', kind: 'full', ...(prefix && { prefix }) } as const
  return newPass('w', { kind: 'full', cause: 'request', wish }, {}, 0, await used.queue.nowMs())
}

async function runAll(parts: PassParts, pass: Pass): Promise<Pass> {
  let last = pass
  for await (const step of steps(parts, pass)) last = step.pass
  return last
}

function sweeperOf(parts: PassParts) {
  const settings = { everyMs: 86_400_000, fullEveryMs: 86_400_000, graceMs: 0 }
  const metrics = createMetrics(parts.functions.map(({ name }) => name))
  return { metrics, ...createSweeper({ ...parts, redis: used.redis, settings, metrics, log }) }
}

const valueOf = async (metric: { get(): Promise<{ values: { value: number }[] }> }) =>
  (await metric.get()).values.reduce((sum, { value }) => sum + value, 0)
const waiting = () => used.redis.xlen(used.queue.keys.stream('cut', 'low'))

it('admits each lost upload once when two sweep at the same time', async () => {
  const pass = await fullPass()
  const [one, two] = await Promise.all([runAll(partsOf([cut]), pass), runAll(partsOf([cut]), pass)])
  expect([one.objects, two.objects]).toEqual([MANY, MANY])
  expect((one.healed['lost-event'] ?? 0) + (two.healed['lost-event'] ?? 0)).toBe(MANY)
  expect(await waiting()).toBe(MANY)
  expect(await used.redis.zcard(used.queue.keys.runs)).toBe(MANY)
})

it('goes on behind the last batch of a process that died, and ends with the counts of both', async () => {
  const store = createSweepStore(used.redis, used.queue)
  const start = newPass('w', { kind: 'full', cause: 'start' }, {}, 0, await used.queue.nowMs())
  await store.begin(start)
  for await (const step of steps(partsOf([cut]), start)) {
    await store.save(step.pass)
    if (step.pass.objects >= 1_000) break
  }
  const { look, metrics } = sweeperOf(partsOf([cut]))
  await look()
  expect(await valueOf(metrics.sweepObjects)).toBe(MANY - 1_000)
  const state = await store.read()
  expect(state).not.toHaveProperty('pass')
  expect(state.full).toMatchObject({ id: 'w', objects: MANY, healed: { 'lost-event': MANY } })
  expect(await waiting()).toBe(MANY)
  // It was the one of this start too.
  await look()
  expect((await store.read()).full?.id).toBe('w')
})

it('leaves a pass to the process that has taken it over, and stores nothing more of it', async () => {
  const duty = used.queue.keys.duty('sweep')
  const { storage } = used.store
  let lists = 0
  const losing: Storage = {
    ...storage,
    async *list(bucket, options) {
      if (bucket === 'many' && lists++ === 0) await used.redis.set(duty, 'another')
      yield* storage.list(bucket, options)
    },
  }
  const { look, metrics } = sweeperOf(partsOf([cut], { storage: losing }))
  await look()
  const store = createSweepStore(used.redis, used.queue)
  expect((await store.read()).pass).toMatchObject({ objects: 0, at: { stage: 'objects', bucket: '' } })
  await look()
  expect(await valueOf(metrics.sweepObjects)).toBe(500)
  await used.redis.del(duty)
  await look()
  expect((await store.read()).full).toMatchObject({ objects: MANY })
  expect(await waiting()).toBe(MANY)
})

it('begins anew when Redis forgets everything in the middle of a pass', async () => {
  const { storage } = used.store
  let isForgotten = false
  const forgetting: Storage = {
    ...storage,
    async *list(bucket, options) {
      for await (const row of storage.list(bucket, options)) {
        if (bucket === 'many' && row.key === '550' && !isForgotten) {
          isForgotten = true
          await used.redis.flushall()
        }
        yield row
      }
    },
  }
  const { look } = sweeperOf(partsOf([cut], { storage: forgetting }))
  await look()
  const store = createSweepStore(used.redis, used.queue)
  expect(await store.read()).toEqual({})
  await look()
  expect((await store.read()).full).toMatchObject({ cause: 'no-marker', objects: MANY })
  expect(await waiting()).toBe(MANY)
})

it('keeps its place when it is told to stop, or when the store fails in the middle', async () => {
  const { storage } = used.store
  let hooks: (() => void)[] = []
  const hooked: Storage = {
    ...storage,
    async *list(bucket, options) {
      for await (const row of storage.list(bucket, options)) {
        if (bucket === 'many' && row.key === '550') hooks.shift()?.()
        yield row
      }
    },
  }
  const parts = partsOf([cut], { storage: hooked })
  const [failing, stopped, last] = [sweeperOf(parts), sweeperOf(parts), sweeperOf(parts)]
  const read = async () => (await createSweepStore(used.redis, used.queue).read()).pass
  hooks = [
    () => {
      throw new Error('the store is away')
    },
    () => stopped.stop(),
  ]
  await expect(failing.look()).rejects.toThrow('the store is away')
  const kept = await read()
  expect(kept).toMatchObject({ objects: 500 })
  await used.redis.del(used.queue.keys.duty('sweep'))
  await stopped.look()
  await used.redis.del(used.queue.keys.duty('sweep'))
  await last.look()
  expect((await createSweepStore(used.redis, used.queue).read()).full).toMatchObject({
    id: kept?.id,
    objects: MANY,
    healed: { 'lost-event': MANY },
  })
  expect(await waiting()).toBe(MANY)
})

it('says in a dry run what it would do, and changes nothing', async () => {
  const service = createSweepService({ ...partsOf([cut]), redis: used.redis })
  const request = { kind: 'full', dryRun: true } as const
  const answer = await service.sweep(request)
  expect(answer).toMatchObject({ objects: MANY, healed: { 'lost-event': MANY } })
  expect(answer).toHaveProperty('sample.length', 10)
  expect(await used.redis.keys(`${used.queue.keys.prefix}*`)).toEqual([])
  const bounded = createSweepService({ ...partsOf([cut]), redis: used.redis, maxObjects: 600 })
  await expect(bounded.sweep(request)).rejects.toThrow(/more than 600 objects/)
  await expect(service.sweep({ ...request, bucket: 'none' })).rejects.toThrow(/no function reads "none"/)
})

it('counts a lost place once in a dry run, and in one of a part too', async () => {
  const service = createSweepService({ ...partsOf([cut]), redis: used.redis })
  await runAll(partsOf([cut]), await fullPass('1149'))
  await used.redis.del(used.queue.keys.stream('cut', 'low'))
  for (const part of [{}, { prefix: '1149' }]) {
    const { healed } = await service.sweep({ kind: 'full', dryRun: true, ...part })
    expect(healed['stream-entry']).toBe(1)
  }
})

it('takes wishes one after the other, in the order in which they came: the same once more is the same', async () => {
  const service = createSweepService({ ...partsOf([cut]), redis: used.redis })
  const request = { kind: 'full', dryRun: false, prefix: '11' } as const
  const wish = await service.sweep(request)
  expect(await service.sweep(request)).toEqual(wish)
  const other = await service.sweep({ ...request, prefix: '12' })
  const ended = { status: 'done', cause: 'request' }
  const { look } = sweeperOf(partsOf([cut]))
  await look()
  expect((await service.view()).passes).toMatchObject([other, { ...wish, ...ended, objects: 1 + 10 + 50 }])
  await look()
  expect((await service.view()).passes).toMatchObject([
    { ...other, ...ended, objects: 1 + 10 },
    { ...wish, ...ended, objects: 1 + 10 + 50 },
  ])
  for (let n = 0; n < 20; n++) await service.sweep({ ...request, prefix: `${n}` })
  await expect(service.sweep({ ...request, prefix: '20' })).rejects.toThrow(/too many sweeps wait/)
})

describe('of a function that is not for all ways of uploading', () => {
  const copies = functionOf('copies', { match: ['copies/**'], events: ['Copy'] })
  const sweepCopies = async () => runAll(partsOf([copies]), await fullPass('copies/'))
  const announce = async (key: string, eventName: 'Put' | 'Copy', path: 'notification' | 'sweep') => {
    const { versionId = '' } = (await used.store.storage.head('incoming', key))!
    const event = { kind: 'created', eventName, eventId: 'e', eventTimeMs: 1, generation: versionId } as const
    const announced = [{ objectId: objectIdOf('incoming', key), text: announcementOf(event, path) }]
    await used.queue.admit({ ...NOTHING, announced })
  }

  it('an upload is run only when it is remembered that it came in the right one', async () => {
    const keys = ['copies/unknown', 'copies/put', 'copies/copied', 'copies/swept']
    await putAll('incoming', keys)
    await announce('copies/put', 'Put', 'notification')
    await announce('copies/copied', 'Copy', 'notification')
    await announce('copies/swept', 'Copy', 'sweep')
    expect(await sweepCopies()).toMatchObject({
      healed: { 'lost-event': 1 },
      reported: { 'event-unknown': 2 },
    })
    expect(await used.redis.zcard(used.queue.keys.runs)).toBe(1)
  })
})

describe('of a source that was deleted while nobody heard of it', () => {
  const mirror = functionOf('mirror', { match: ['mirror/**'] }, { onDelete: 'remove' })
  const sweepMirror = async (...functions: FunctionDefinition[]) =>
    runAll(partsOf([mirror, ...functions]), { ...(await fullPass('mirror/')), deletesSinceMs })
  let deletesSinceMs = 0
  const owed = () => used.redis.zrange(used.queue.keys.tidy, '0', '-1')

  beforeAll(async () => {
    const { storage } = used.store
    for (const key of ['mirror/none', 'mirror/deleted']) {
      await storage.put('incoming', key, { bytes: Buffer.from('x') }, BODY)
      await storage.remove('incoming', key)
    }
    const source = { bucket: 'incoming', key: 'mirror/deleted', generation: 'v1' }
    const text = JSON.stringify(manifestOf({ run: 'r', source }))
    await storage.put('processed', 'mirror/deleted/mirror/manifest.json', { bytes: Buffer.from(text) }, BODY)
  })

  it('the result is owed its removal, where there is one', async () => {
    expect((await sweepMirror()).healed).toEqual({ 'lost-delete': 1 })
    expect(await owed()).toMatchObject([expect.stringContaining('mirror/deleted')])
  })

  it('the result stays when the source was deleted before the last full pass, which let it stand', async () => {
    deletesSinceMs = Date.now() + 3_600_000
    expect(await sweepMirror()).toMatchObject({ healed: {}, reported: { 'deleted-before': 1 } })
    deletesSinceMs = 0
    expect(await owed()).toEqual([])
  })

  it('the result stays when the runtime itself has removed the source, or may have', async () => {
    expect(
      (await sweepMirror(functionOf('plain', {}, { afterSuccess: 'remove' }))).healed,
    ).not.toHaveProperty('lost-delete')
    await used.queue.markConsumed(objectIdOf('incoming', 'mirror/deleted'), 'v1')
    expect((await sweepMirror()).healed).toEqual({})
    expect(await owed()).toEqual([])
  })
})

it('sees each key once, with its latest row, on whatever page its versions are', async () => {
  const { storage } = used.store
  const keys = Array.from({ length: 320 }, (_, index) => `paged/${index}`).toSorted()
  await putAll('incoming', [...keys, ...keys.slice(0, 300)])
  const many = keys[100]!
  for (let index = 0; index < 30; index++) await putAll('incoming', [many])
  await storage.remove('incoming', keys[1]!)
  const found: { key: string; isMarker: boolean; hasOlder: boolean }[] = []
  for await (const batch of listKeys(storage, 'incoming', { prefix: 'paged/' })) {
    found.push(
      ...batch.map(({ latest, hasOlder }) => ({
        key: latest.key,
        isMarker: latest.isDeleteMarker,
        hasOlder,
      })),
    )
  }
  expect(found).toEqual(keys.map((key, index) => ({ key, isMarker: index === 1, hasOlder: index < 300 })))
  const rest: string[] = []
  for await (const batch of listKeys(storage, 'incoming', { prefix: 'paged/', after: many }))
    rest.push(...batch.map(({ latest }) => latest.key))
  expect(rest).toEqual(keys.slice(101))
})
