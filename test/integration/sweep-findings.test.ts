/** What one pass of the sweep decides, on a real Redis and MinIO: what it takes up, and what it leaves alone. */
import { beforeAll, describe, expect, it } from 'vitest'
import { defineFunction, type FunctionDefinition } from '../../runtime/function/definition.ts'
import { announcementOf } from '../../runtime/queue/announcement.ts'
import { objectIdOf, runIdOf } from '../../runtime/queue/keys.ts'
import { listKeys } from '../../runtime/upkeep/sweep/candidates.ts'
import { sweepKey } from '../../runtime/upkeep/sweep/sweeping.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { NOTHING } from '../helpers/queue.ts'
import { useSweep } from '../helpers/sweep.ts'
import { changeFacts } from '../helpers/packed-run.ts'

const BODY = { contentType: 'text/plain' }
const used = useSweep({ plain: ['flat'], versioned: ['incoming', 'processed', 'metadata'] }, [
  'copies',
  'mirror',
  'plain',
])
const { fullPass, partsOf, put, putAll, runAll } = used
const functionOf = (name: string, on: object = {}, rest: object = {}) =>
  defineFunction({ name, version: '1', on: { bucket: 'incoming', ...on }, ...rest }, () => new Response())

describe('of a function that is not for all ways of uploading', () => {
  const copies = functionOf('copies', { match: ['copies/**'], events: ['Copy'] })
  const sweepCopies = async () => runAll(partsOf([copies]), await fullPass('copies/'))
  const announce = async (key: string, eventName: 'Put' | 'Copy', path: 'notification' | 'sweep') => {
    const { versionId = '' } = (await used.storage.head('incoming', key))!
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

describe('of a version with older ones', () => {
  const plain = functionOf('plain', { match: ['older/**'] })

  it('the announcement of another version says nothing of how it came to be', async () => {
    const copies = functionOf('copies', { match: ['older/**'], events: ['Copy'] })
    await put('incoming', 'older/told')
    const { versionId = '' } = (await used.storage.head('incoming', 'older/told'))!
    const event = {
      kind: 'created',
      eventName: 'Copy',
      eventId: 'e',
      eventTimeMs: 1,
      generation: versionId,
    } as const
    const announced = [
      { objectId: objectIdOf('incoming', 'older/told'), text: announcementOf(event, 'notification') },
    ]
    await used.queue.admit({ ...NOTHING, announced })
    await put('incoming', 'older/told')
    expect((await runAll(partsOf([copies]), await fullPass('older/told'))).reported).toEqual({
      'event-unknown': 1,
    })
  })

  it('a success is compared with the current result in a recent pass too, and without older ones is not', async () => {
    await put('flat', 'older/success/alone')
    await put('incoming', 'older/success/one')
    await put('incoming', 'older/success/one')
    const flat = functionOf('plain', { bucket: 'flat', match: ['older/**'] })
    const pass = { ...(await fullPass('older/success/')), kind: 'recent' } as const
    for (const [definition, healed] of [
      [flat, {}],
      [plain, { restored: 1 }],
    ] as const) {
      await runAll(partsOf([definition]), pass)
      for (const runId of await used.redis.zrange(used.queue.keys.runs, '0', '-1')) {
        const run = (await used.queue.run(runId))!
        await changeFacts(used.redis, used.queue.keys, runId, { state: 'succeeded' })
        const { bucket, key } = run.payload
        const text = JSON.stringify(manifestOf({ run: 'another', source: { bucket, key } }))
        await used.storage.put('processed', `${key}/plain/manifest.json`, { bytes: Buffer.from(text) }, BODY)
      }
      expect((await runAll(partsOf([definition]), pass)).healed).toEqual(healed)
    }
  })

  it('a run that ended because of a newer one stays ended when that one came after the listing', async () => {
    const first = await put('incoming', 'older/raced')
    const runId = runIdOf('plain', 'incoming', 'older/raced', first)
    const pass = await fullPass('older/raced')
    await runAll(partsOf([plain]), pass)
    await changeFacts(used.redis, used.queue.keys, runId, { state: 'superseded' })
    const racing = {
      ...used.storage,
      async *list(...args: Parameters<typeof used.storage.list>) {
        yield* used.storage.list(...args)
        await put('incoming', 'older/raced')
      },
    }
    expect((await runAll(partsOf([plain], { storage: racing }), pass)).healed).toEqual({})
    expect(await used.queue.run(runId)).toMatchObject({ state: 'superseded' })
  })

  it('a run that only a request had asked for is taken up again with its options when its version is the latest again', async () => {
    const asked = functionOf('plain', { match: ['older/**'] }, { trigger: 'asked' })
    const key = 'older/asked'
    const first = await put('incoming', key)
    const runId = runIdOf('plain', 'incoming', key, first)
    const { etag, sizeBytes, lastModifiedMs } = (await used.storage.head('incoming', key))!
    const version = {
      bucket: 'incoming',
      key,
      generation: first,
      versionId: first,
      etag,
      sizeBytes,
      lastModifiedMs,
    }
    const payload = { ...version, eventTimeMs: 1, options: { seconds: 4 } }
    const item = { runId, functionName: 'plain', objectId: objectIdOf('incoming', key), payload }
    await used.queue.rerun({ trigger: 'reprocess', isForced: false, items: [item] })
    await changeFacts(used.redis, used.queue.keys, runId, { state: 'superseded' })
    const second = await put('incoming', key)
    expect((await sweepKey(partsOf([asked]), 'incoming', key)).healed).toEqual([])
    await used.storage.remove('incoming', key, { versionId: second })
    const { healed } = await sweepKey(partsOf([asked]), 'incoming', key)
    expect(healed).toMatchObject([{ reason: 'restored', functionName: 'plain' }])
    expect(await used.queue.run(runId)).toMatchObject({
      state: 'queued',
      trigger: 'sweep',
      payload: { options: { seconds: 4 } },
    })
  })

  it('what is taken up tells the runs of older versions that they are out of date', async () => {
    const first = await put('incoming', 'older/outdated')
    const pass = await fullPass('older/outdated')
    await runAll(partsOf([plain]), pass)
    const second = await put('incoming', 'older/outdated')
    await runAll(partsOf([plain]), pass)
    const hintOf = async (generation: string) =>
      (await used.queue.run(runIdOf('plain', 'incoming', 'older/outdated', generation)))?.hint
    expect(await hintOf(first)).toBe('superseded')
    expect(await hintOf(second)).toBeUndefined()
  })
})

describe('of a source that was deleted while nobody heard of it', () => {
  const mirror = functionOf('mirror', { match: ['mirror/**'] }, { onDelete: 'remove' })
  const sweepMirror = async (...functions: FunctionDefinition[]) =>
    runAll(partsOf([mirror, ...functions]), { ...(await fullPass('mirror/')), deletesSinceMs })
  let deletesSinceMs = 0
  const owed = () => used.redis.zrange(used.queue.keys.debts, '0', '-1')

  beforeAll(async () => {
    const { storage } = used
    for (const key of ['mirror/none', 'mirror/deleted']) {
      await storage.put('incoming', key, { bytes: Buffer.from('x') }, BODY)
      await storage.remove('incoming', key)
    }
    const source = { bucket: 'incoming', key: 'mirror/deleted', generation: 'v1' }
    const text = JSON.stringify(manifestOf({ run: 'r', source }))
    await storage.put('processed', 'mirror/deleted/mirror/manifest.json', { bytes: Buffer.from(text) }, BODY)
  })

  it('the result is owed its removal, where there is one, and what is owed already is not counted again', async () => {
    expect((await sweepMirror()).healed).toEqual({ 'lost-delete': 1 })
    expect(await owed()).toMatchObject([expect.stringContaining('mirror/deleted')])
    expect((await sweepMirror()).healed).toEqual({})
    expect(await owed()).toHaveLength(1)
  })

  it('the result stays when the source was deleted before the last full pass, which kept it', async () => {
    deletesSinceMs = Date.now() + 3_600_000
    expect(await sweepMirror()).toMatchObject({ healed: {}, reported: { 'deleted-before': 1 } })
    deletesSinceMs = 0
    expect(await owed()).toEqual([])
  })

  it('the result stays while the delete is left to its event, and where the function keeps results', async () => {
    const pass = { ...(await fullPass('mirror/')), deletesSinceMs: 0 }
    expect((await runAll(partsOf([mirror], { graceMs: 600_000 }), pass)).healed).toEqual({})
    const keeping = functionOf('mirror', { match: ['mirror/**'] })
    expect((await runAll(partsOf([keeping]), pass)).healed).toEqual({})
    expect(await owed()).toEqual([])
  })

  it('the result stays in a bucket that keeps no versions of it', async () => {
    const flat = functionOf(
      'mirror',
      { match: ['mirror/**'] },
      { onDelete: 'remove', output: { bucket: 'flat' } },
    )
    const source = { bucket: 'incoming', key: 'mirror/deleted', generation: 'v1' }
    const text = JSON.stringify(manifestOf({ run: 'r', source }))
    await used.storage.put('flat', 'mirror/deleted/mirror/manifest.json', { bytes: Buffer.from(text) }, BODY)
    const pass = { ...(await fullPass('mirror/')), deletesSinceMs: 0 }
    expect((await runAll(partsOf([flat]), pass)).healed).toEqual({})
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
  const { storage } = used
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
