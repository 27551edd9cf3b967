/** Requests for functions that run only when asked, on a Redis that is emptied: one that was acknowledged is carried out all the same. */
import { beforeEach, describe, expect, it } from 'vitest'
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
import { useSweep } from '../helpers/sweep.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useSweep({ versioned: ['incoming', 'processed', 'metadata'] }, ['hls'])
const log = createLogger({ level: 'silent', format: 'json' })
const hls = defineFunction(
  { name: 'hls', version: '1', on: { bucket: 'incoming' }, trigger: 'asked' },
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
    expect(restored).toEqual([items.at(-1)])
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

  it('that was refused leaves no record', async () => {
    const jobs = { ...parts().jobs, create: () => Promise.reject(new Error('redis is away')) }
    await expect(ask({}, jobs)).rejects.toThrow('redis is away')
    expect(await records()).toEqual([])
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
