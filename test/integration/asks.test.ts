/** Requests for functions that run only when asked, on a Redis that is emptied: one that was acknowledged is carried out all the same. */
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createJobRunner } from '../../runtime/api/jobs/runner.ts'
import { reprocessRequest } from '../../runtime/api/reprocess/model.ts'
import { createReprocessService } from '../../runtime/api/reprocess/service.ts'
import { defineFunction } from '../../runtime/function/definition.ts'
import { placeOf } from '../../runtime/output/layout.ts'
import { runIdOf } from '../../runtime/queue/keys.ts'
import { createJobStore } from '../../runtime/queue/jobs.ts'
import { createAskStore, type AskedItem } from '../../runtime/records/asks.ts'
import { METADATA_BUCKET } from '../../runtime/storage/names.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { type AskParts, keepAsks } from '../../runtime/upkeep/sweep/asks.ts'
import { listed } from '../helpers/listed.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { NOTHING } from '../helpers/queue.ts'
import { useSweep } from '../helpers/sweep.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useSweep({ versioned: ['incoming', 'processed', 'metadata'] }, ['hls'])
const log = createLogger({ level: 'silent', format: 'json' })
const hls = defineFunction(
  {
    name: 'hls',
    version: '1',
    on: { bucket: 'incoming' },
    trigger: 'asked',
    options: z.object({ seconds: z.number().default(6) }),
  },
  () => new Response(),
)
const functions = [hls]
let key = ''
let generation = ''

beforeEach(async () => {
  await used.redis.flushall()
  for (const ask of await records()) await used.storage.remove(METADATA_BUCKET, ask.key)
  key = `film-${Math.random()}.mp4`
  generation = await used.put('incoming', key)
})

const records = () => listed(used.storage.list(METADATA_BUCKET, { prefix: '~sluice/asks/' }))
const parts = (rest: Partial<Pick<AskParts, 'graceMs' | 'functions'>> = {}) => {
  const jobs = createJobStore(used.redis, used.queue, 60_000)
  return { ...used.partsOf(functions), asks: createAskStore(used.storage), jobs, ...rest }
}
const keep = async (rest = {}) => keepAsks(parts(rest), await used.queue.nowMs())

async function ask(options: object = {}, jobs = parts().jobs): Promise<{ readonly id: string }> {
  const all = { ...parts(), jobs, nowMs: () => used.queue.nowMs(), onJob: () => undefined }
  const request = reprocessRequest.parse({ keys: [key], function: 'hls', ...options })
  return (await createReprocessService(all).reprocess(request)) as { id: string }
}

/** Adds the runs of all jobs to the queue. */
async function handOut(): Promise<void> {
  const { jobs } = parts()
  const runner = createJobRunner({ queue: used.queue, jobs, log })
  await runner.takeUp()
  const what = 'the jobs to be done'
  await waitFor(async () => (await jobs.active()).length === 0, { timeoutMs: 20_000, what })
  await runner.stop()
}

async function oneItem(): Promise<AskedItem> {
  for await (const { items } of parts().asks.list()) return items[0] as AskedItem
  throw new Error('there is no record')
}

const NO_PAYLOAD = {
  bucket: 'incoming',
  key: 'k',
  generation: 'v',
  etag: 'e',
  sizeBytes: 1,
  lastModifiedMs: 0,
  eventTimeMs: 0,
}
const runId = () => runIdOf('hls', 'incoming', key, generation)
const run = () => used.queue.run(runId())

/** The run's end, in the bucket. */
async function writeResult(epoch: number): Promise<void> {
  const place = placeOf(hls, { bucket: 'incoming', key })
  const manifest = manifestOf({
    run: runId(),
    epoch,
    function: 'hls',
    source: { bucket: 'incoming', key, generation },
  })
  const body = { bytes: Buffer.from(JSON.stringify(manifest)) }
  await used.storage.put(place.bucket, place.manifestKey, body, { contentType: 'application/json' })
}

describe('a request that Redis has lost', () => {
  it.each([
    { when: 'before its run was added', isAdded: false },
    { when: 'while its run waited', isAdded: true },
  ])('$when is carried out, with its options', async ({ isAdded }) => {
    const { id } = await ask({ options: {} })
    if (isAdded) await handOut()
    await used.redis.flushall()
    expect((await keep()).restored).toEqual(new Map([[id, 1]]))
    // A second look finds its job.
    expect((await keep()).restored.size).toBe(0)
    await handOut()
    expect(await run()).toMatchObject({ state: 'queued', trigger: 'reprocess' })
  })

  it.each([
    { when: 'before it is restored', isFirst: true },
    { when: 'while it is restored', isFirst: false },
  ])('restarts with its options a run that was admitted without them $when', async ({ isFirst }) => {
    const { id } = await ask({ options: { seconds: 4 } })
    const { objectId, payload } = await oneItem()
    const { options, ...plain } = payload
    expect(options).toEqual({ seconds: 4 })
    await used.redis.flushall()
    const admit = () =>
      used.queue.admit({
        ...NOTHING,
        runs: [
          {
            runId: runId(),
            functionName: 'hls',
            objectId,
            payload: plain,
            eventId: '',
            lane: 'live',
            trigger: 'upload',
          },
        ],
      })
    if (isFirst) await admit()
    expect((await keep()).restored).toEqual(new Map([[id, 1]]))
    if (!isFirst) await admit()
    expect((await run())?.payload.options).toBeUndefined()
    await handOut()
    expect(await run()).toMatchObject({
      state: 'queued',
      trigger: 'reprocess',
      payload: { options: { seconds: 4 } },
    })
  })

  it('leaves alone a run that a newer request has made', async () => {
    await ask({ options: { seconds: 4 } })
    const record = await oneItem()
    await used.redis.flushall()
    await keep()
    const newer = { ...record, payload: { ...record.payload, options: { seconds: 9 } } }
    await used.queue.rerun({ trigger: 'reprocess', isForced: true, items: [newer] })
    await handOut()
    expect(await run()).toMatchObject({ state: 'queued', payload: { options: { seconds: 9 } } })
  })

  it('is kept until its run has ended in the bucket, and an older result is not that end', async () => {
    await writeResult(0)
    const { id } = await ask()
    await used.redis.flushall()
    expect((await keep()).restored).toEqual(new Map([[id, 1]]))
    await handOut()
    expect(await keep()).toMatchObject({ removed: 0 })
    await writeResult(Number((await run())?.epoch))
    await used.redis.flushall()
    expect(await keep()).toEqual({ restored: new Map(), removed: 1, unreadable: new Map() })
    expect(await records()).toEqual([])
  })

  it('is restored as a whole, though it has several records', async () => {
    const items = Array.from({ length: 1_100 }, (_, index) => ({
      runId: runIdOf('hls', 'incoming', `${index}`, 'v'),
      functionName: 'hls',
      objectId: `${index}`,
      payload: {
        bucket: 'incoming',
        key: `${index}`,
        generation: 'v',
        etag: 'e',
        sizeBytes: 1,
        lastModifiedMs: 0,
        eventTimeMs: 0,
      },
    }))
    const job = {
      kind: 'reprocess',
      isForced: false,
      ratePerSecond: 7,
      request: { prefix: '' },
      items,
    } as const
    await parts().asks.write('01KBJ0B', await used.queue.nowMs(), job)
    const written = await records()
    expect(written).toHaveLength(2)
    // The others may still be written when the first one is old enough.
    const early = (written[0]?.lastModifiedMs ?? 0) + 1_000
    expect((await keepAsks(parts({ graceMs: 1_000 }), early)).restored.size).toBe(0)
    expect((await keep()).restored).toEqual(new Map([['01KBJ0B', 1_100]]))
    expect(await parts().jobs.get('01KBJ0B')).toMatchObject({
      total: 1_100,
      ratePerSecond: 7,
      isForced: false,
    })
    const restored = await parts().jobs.items('01KBJ0B', 1_099, 1)
    expect(restored).toMatchObject([items.at(-1)])
  })

  it('is not forgotten when that happens while it is judged', async () => {
    const { id } = await ask()
    await handOut()
    const states = async (runIds: readonly string[]) => {
      await used.redis.flushall()
      return parts().history.states(runIds)
    }
    const kept = await keepAsks({ ...parts(), history: { states } }, await used.queue.nowMs())
    expect(kept).toMatchObject({ removed: 0, restored: new Map() })
    expect((await keep()).restored).toEqual(new Map([[id, 1]]))
  })

  it('is carried out where its function is not known, since another machine may serve it', async () => {
    const { id } = await ask()
    await used.redis.flushall()
    expect(await keep({ functions: [] })).toMatchObject({ removed: 0, restored: new Map([[id, 1]]) })
  })

  it('is carried out though another one cannot be judged', async () => {
    const { id } = await ask()
    const item = { runId: 'r', functionName: 'lost', objectId: 'o', payload: (await oneItem()).payload }
    await parts().asks.write('0000', 0, {
      kind: 'reprocess',
      isForced: false,
      request: {},
      items: [item],
    })
    await used.redis.flushall()
    const lost = { ...hls, name: 'lost', outputBucket: 'no-such-bucket' }
    const kept = await keep({ functions: [hls, lost] })
    expect(kept.restored).toEqual(new Map([[id, 1]]))
    expect([...kept.unreadable.keys()]).toEqual(['~sluice/asks/0000/00000.json'])
  })
})

describe('a request that is done', () => {
  it('is forgotten when its job is cancelled, though one of its runs is in progress: it must not come back', async () => {
    const { id } = await ask()
    await handOut()
    await used.redis.hset(`${used.queue.keys.prefix}job:${id}`, 'status', 'running')
    await parts().jobs.end(id, 'cancelled')
    expect(await keep()).toMatchObject({ removed: 1 })
  })

  it('is forgotten once nothing of it is open: its job was cancelled, or its runs have ended', async () => {
    const { id } = await ask()
    await handOut()
    expect(await keep()).toMatchObject({ removed: 0 })
    await used.queue.withdraw(id, [runId()])
    expect(await run()).toMatchObject({ state: 'cancelled' })
    expect(await keep()).toMatchObject({ removed: 1 })
  })

  it('that was refused leaves no record, and no delete marker in its place', async () => {
    const versions = () =>
      listed(used.storage.list(METADATA_BUCKET, { prefix: '~sluice/asks/', versions: true }))
    const before = (await versions()).length
    const jobs = { ...parts().jobs, create: () => Promise.reject(new Error('redis is away')) }
    await expect(ask({}, jobs)).rejects.toThrow('redis is away')
    expect(await versions()).toHaveLength(before)
  })

  it('that could not be written as a whole leaves none of its parts', async () => {
    const item = { runId: 'r', functionName: 'hls', objectId: 'o', payload: NO_PAYLOAD }
    const items = Array.from({ length: 1_001 }, () => item)
    let count = 0
    const full = createAskStore({
      ...used.storage,
      put: async (...args) => {
        if (++count > 1) throw new Error('the disk is full')
        return used.storage.put(...args)
      },
    })
    const job = { kind: 'reprocess', isForced: false, request: {}, items } as const
    const versions = () =>
      listed(used.storage.list(METADATA_BUCKET, { prefix: '~sluice/asks/01FULL/', versions: true }))
    await expect(full.write('01FULL', 1, job)).rejects.toThrow('the disk is full')
    expect(count).toBe(2)
    expect(await versions()).toEqual([])
  })
})

it('a record is in the bucket before its job exists, and a young one is left alone', async () => {
  const { jobs } = parts()
  let before = -1
  const watching = {
    ...jobs,
    create: async (...args: Parameters<typeof jobs.create>) => {
      before = (await records()).length
      return jobs.create(...args)
    },
  }
  await ask({}, watching)
  expect(before).toBe(1)
  await used.redis.flushall()
  expect(await keep({ graceMs: 60_000 })).toMatchObject({ removed: 0, restored: new Map() })
})

it('a record that cannot be read is left alone and named, and the others are kept', async () => {
  const { id } = await ask()
  const strange = '~sluice/asks/0000/00000.json'
  await used.storage.put(METADATA_BUCKET, strange, { bytes: Buffer.from('{') }, { contentType: 'x/y' })
  await used.redis.flushall()
  expect(await keep()).toEqual({
    restored: new Map([[id, 1]]),
    removed: 0,
    unreadable: new Map([[strange, 'it is not the record of a request']]),
  })
})

it('a record is read once, and keeps the options of all its runs once', async () => {
  const options = {
    seconds: 4,
    ...Object.fromEntries(Array.from({ length: 8 }, (_, place) => [`o${place}`, 'x'.repeat(100)])),
  }
  const items = Array.from({ length: 500 }, (_, index) => ({
    runId: runIdOf('hls', 'incoming', `${index}`, 'v'),
    functionName: 'hls',
    objectId: `${index}`,
    payload: { ...NO_PAYLOAD, key: `${index}`, options: index === 7 ? { seconds: 5 } : options },
  }))
  let reads = 0
  const asks = createAskStore({
    ...used.storage,
    readText: (...args) => {
      reads++
      return used.storage.readText(...args)
    },
  })
  await asks.write('01KBJ0C', 1, { kind: 'reprocess', isForced: false, request: {}, items })
  const [record] = await records()
  expect(record?.sizeBytes).toBeLessThan(500 * 300)
  for (let time = 0; time < 3; time++) {
    const [ask] = await listed(asks.list())
    expect(ask?.items).toEqual(items)
  }
  expect(reads).toBe(1)
  await asks.withdraw('01KBJ0C')
  expect(await listed(asks.list())).toEqual([])
})

it('a record of the release before is still read, with the options of each of its runs', async () => {
  const items = [
    { runId: 'r', functionName: 'hls', objectId: 'o', payload: { ...NO_PAYLOAD, options: { seconds: 3 } } },
  ]
  const text = JSON.stringify({ schema: 1, askedAtMs: 1, isForced: false, request: {}, items })
  const body = { bytes: Buffer.from(text) }
  await used.storage.put(METADATA_BUCKET, '~sluice/asks/01OLD/00000.json', body, { contentType: 'x/y' })
  const [ask] = await listed(parts().asks.list())
  expect(ask?.items).toEqual(items)
})
