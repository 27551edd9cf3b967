/** Requests for functions that run only when asked, on a Redis that is emptied: one that was acknowledged is carried out all the same. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createJobRunner } from '../../runtime/api/jobs/runner.ts'
import { reprocessRequest } from '../../runtime/api/reprocess/model.ts'
import { createReprocessService } from '../../runtime/api/reprocess/service.ts'
import { defineFunction } from '../../runtime/function/definition.ts'
import { placeOf } from '../../runtime/output/layout.ts'
import { runIdOf } from '../../runtime/queue/keys.ts'
import { createJobStore } from '../../runtime/queue/jobs.ts'
import { createAskStore } from '../../runtime/records/asks.ts'
import { METADATA_BUCKET } from '../../runtime/storage/names.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { keepAsks } from '../../runtime/upkeep/sweep/asks.ts'
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
const parts = (rest: { readonly graceMs?: number } = {}) => {
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
    expect(await keep()).toEqual({ restored: new Map(), removed: 1, unreadable: [] })
    expect(await records()).toEqual([])
  })

  it('is restored as a whole, though it has several records', async () => {
    const items = Array.from({ length: 2_500 }, (_, index) => ({
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
    expect(await records()).toHaveLength(3)
    expect((await keep()).restored).toEqual(new Map([['01KBJ0B', 2_500]]))
    expect(await parts().jobs.get('01KBJ0B')).toMatchObject({
      total: 2_500,
      ratePerSecond: 7,
      isForced: false,
    })
    const restored = await parts().jobs.items('01KBJ0B', 2_499, 1)
    expect(restored).toEqual([items.at(-1)])
  })
})

describe('a request that is done', () => {
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
  expect(await keep()).toEqual({ restored: new Map([[id, 1]]), removed: 0, unreadable: [strange] })
})
