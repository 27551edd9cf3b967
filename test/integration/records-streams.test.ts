/** Keys and wanted pulls of streams on a real Redis and MinIO: the bucket holds, whatever Redis says. */
import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { createKeys, type Keys } from '../../runtime/queue/keys.ts'
import { createKey } from '../../runtime/queue/stream-records.ts'
import { createStreamStore, type StreamStore } from '../../runtime/queue/streams.ts'
import {
  createStreamRecords,
  UnreadableRecordError,
  type StreamRecords,
} from '../../runtime/records/streams.ts'
import { useRedis } from '../helpers/queue.ts'
import { silent } from '../helpers/streams/engine.ts'
import { useStore } from '../helpers/store.ts'

const redis = useRedis()
const store = useStore({ versioned: ['metadata'] })
const used = {} as {
  keys: Keys
  streams: StreamStore
  records: StreamRecords
  name: string
}
beforeEach(() => {
  used.keys = createKeys(`test-${randomUUID().slice(0, 8)}`)
  used.streams = createStreamStore(redis.redis, used.keys, 30_000)
  used.records = createStreamRecords(store.storage, used.streams, silent)
  used.name = `cam-${randomUUID().slice(0, 8)}`
})

async function addKey(name = used.name, records = used.records) {
  const made = createKey(Date.now())
  await records.change(name, (record) => ({ ...record, keys: [...record.keys, made.key] }))
  return made
}
const check = async (secret: string, name = used.name) => (await used.streams.checkKey(name, secret)).kind
const want = (url: string) =>
  used.records.change(used.name, (record) => ({ ...record, wanted: { url, sinceMs: 1 } }))

it('are heard by receivers as soon as they are changed', async () => {
  const { secret, key } = await addKey()
  expect(await check(secret)).toBe('right')
  await used.records.change(used.name, ({ keys }) => ({
    keys: keys.map((each) => ({ ...each, revokedAtMs: Date.now() })),
  }))
  expect(await check(secret)).toBe('revoked')
  await want('rtsp://cam.lan/live')
  expect((await used.streams.wanted()).get(used.name)).toEqual({ url: 'rtsp://cam.lan/live', sinceMs: 1 })
  expect(await used.records.read(used.name)).toMatchObject({ revision: 3, keys: [{ id: key.id }] })
})

it('come back from the bucket when Redis was emptied', async () => {
  const [own, any] = [await addKey(), await addKey('*')]
  await redis.redis.del(used.keys.streamRecords)
  expect(await check(own.secret)).toBe('unknown')
  await used.records.follow()
  expect([await check(own.secret), await check(any.secret)]).toEqual(['right', 'right'])
  expect(await check('wrong')).toBe('wrong')
  await redis.redis.del(used.keys.streamRecords)
  await used.records.follow()
  expect(await check(own.secret), 'followed at once, although it was reconciled just before').toBe('right')
})

it('hold in the end when a change reached the bucket and died before it reached Redis', async () => {
  await want('rtsp://cam.lan/1')
  const deaf = { ...used.streams, setRecord: () => Promise.reject(new Error('redis is away')) }
  const dying = createStreamRecords(store.storage, deaf, silent)
  await expect(addKey(used.name, dying)).rejects.toThrow('away')
  await used.records.reconcile()
  expect(JSON.parse(await used.streams.record(used.name))).toMatchObject({ revision: 2, keys: [{}] })
})

it('leave Redis when their object was removed', async () => {
  const { secret } = await addKey()
  await store.storage.remove('metadata', `~sluice/streams/${used.name}.json`)
  await used.records.reconcile()
  expect(await check(secret)).toBe('wrong')
})

it.each([
  ['rubbish', 'rubbish'],
  ['a record of a later version', JSON.stringify({ schema: 2, revision: 9, keys: [] })],
])(
  'are not written over when somebody has put %s in their place, and Redis keeps its copy',
  async (_, text) => {
    const { secret } = await addKey()
    const key = `~sluice/streams/${used.name}.json`
    await store.storage.put('metadata', key, { bytes: Buffer.from(text) }, { contentType: 'text/plain' })
    const errors: string[] = []
    const records = createStreamRecords(store.storage, used.streams, {
      ...silent,
      error: (_facts: object, message: string) => void errors.push(message),
    } as typeof silent)
    await records.reconcile()
    await records.reconcile()
    expect(errors.filter((message) => message.includes(used.name))).toEqual([
      expect.stringContaining(`${key} in the bucket metadata cannot be read`),
    ])
    expect(await check(secret)).toBe('right')
    await expect(addKey()).rejects.toThrow(UnreadableRecordError)
    await expect(used.records.read(used.name)).rejects.toThrow(UnreadableRecordError)
    expect((await store.storage.readText('metadata', key))?.text).toBe(text)
  },
)

it('lose none of many changes at once', async () => {
  const made = await Promise.all(Array.from({ length: 8 }, () => addKey()))
  expect(await used.records.read(used.name)).toMatchObject({ revision: 8 })
  await used.records.reconcile()
  for (const { secret } of made) expect(await check(secret)).toBe('right')
})
