/** Verdicts that are owed, on a real Redis and MinIO: what cannot be written keeps nobody else waiting, and ends some day. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { placeOf } from '../../runtime/output/layout.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { DAY_MS } from '../../runtime/time.ts'
import { createVerdictWriter } from '../../runtime/upkeep/verdicts.ts'
import { BURIED, newRunOf, useQueue } from '../helpers/queue.ts'
import { startStoreProxy } from '../helpers/store-proxy.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'

const used = useQueue()
let store: TestStore
beforeAll(async () => {
  store = await startTestStore({ versioned: ['incoming', 'processed', 'metadata'] })
})
afterAll(() => store.stop())

const cut = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' } }, () => new Response())

function writer(retentionMs = DAY_MS, storage: Storage = store.storage) {
  const log = createLogger({ level: 'silent', format: 'json' })
  return createVerdictWriter({
    queue: used.queue,
    storage,
    functions: [cut],
    retentionMs,
    log,
  })
}

/** Runs that were given up, of a function, and so owe a verdict. */
async function buried(functionName: string, count: number, key: string = randomUUID()) {
  const runIds = Array.from({ length: count }, () => randomUUID().replaceAll('-', ''))
  const payload = { ...newRunOf('x').payload, key }
  await used.queue.enqueue(...runIds.map((runId) => newRunOf(runId, { functionName, payload })))
  const wants = [{ functionName, free: count, lowFirst: 0 }]
  const { claims } = await used.queue.claim('w', count, { wants })
  for (const claim of claims) await used.queue.settle(claim, BURIED)
  return runIds
}

const owedNow = () => used.redis.scard(used.queue.keys.verdicts)
const waiting = () => used.redis.zcard(used.queue.keys.verdictsLater)
const aside = async () =>
  (await used.redis.xrange(used.queue.keys.aside, '-', '+')).map(([, [, kind, , text, , reason]]) => ({
    kind,
    text,
    reason,
  }))

it('writes what it can beside any number of verdicts of functions that are gone', async () => {
  const key = `${randomUUID()}.mp4`
  // So often tried before that they wait for minutes, however slow this machine is.
  for (const runId of await buried('gone', 300))
    await used.redis.hset(used.queue.keys.run(runId), 'verdictTries', 10)
  await buried('cut', 1, key)
  const write = writer()
  // A hundred a round: whichever they are, after four rounds each was tried once.
  for (let round = 0; round < 4; round++) await write()
  const { verdictBucket, verdictKey } = placeOf(cut, { bucket: 'incoming', key })
  expect(await store.storage.readText(verdictBucket, verdictKey)).toBeDefined()
  expect([await owedNow(), await waiting()]).toEqual([0, 300])
})

it('tries again what waits when its time has come, and not before', async () => {
  const [runId] = await buried('gone', 1)
  const write = writer()
  await write()
  await write()
  expect(await used.redis.hget(used.queue.keys.run(runId!), 'verdictTries')).toBe('1')
  await used.redis.zadd(used.queue.keys.verdictsLater, 0, runId!)
  await write()
  expect(await used.redis.hget(used.queue.keys.run(runId!), 'verdictTries')).toBe('2')
})

it('sets aside what nobody could write for as long as runs are kept', async () => {
  const [old] = await buried('gone', 1)
  const { keys } = used.queue
  await used.redis.hset(keys.run(old!), 'verdictTries', 19, 'endedAt', 1)
  await writer()()
  expect(await aside()).toEqual([
    {
      kind: 'verdict',
      text: old,
      reason: expect.stringContaining('no process here knows the function "gone"'),
    },
  ])
  expect([await owedNow(), await waiting()]).toEqual([0, 0])
  // It may be forgotten now, as any other.
  expect(await used.queue.prune(0, 0, 10, 0)).toMatchObject({ forgotten: 1 })
})

it('writes the verdict of a key that the store refuses under its hash', async () => {
  const key = `${'x'.repeat(300)}/a.mp4`
  await buried('cut', 1, key)
  await writer()()
  const { verdictBucket, verdictKey } = placeOf(cut, { bucket: 'incoming', key })
  expect(verdictKey).toMatch(/^@[0-9a-f]{64}\/cut.verdict.json$/)
  expect(await store.storage.head(verdictBucket, verdictKey)).toBeDefined()
  expect([await owedNow(), await waiting(), await aside()]).toEqual([0, 0, []])
})

it('sets aside at once what the store refuses for good', async () => {
  const proxy = await startStoreProxy(store.minio.endpoint)
  const storage = createStorage({ ...store.options, endpoint: proxy.endpoint })
  try {
    proxy.breakBy(({ method }) =>
      method === 'PUT' ? { kind: 'refuse', status: 400, code: 'XMinioInvalidObjectName' } : undefined,
    )
    const [runId] = await buried('cut', 1)
    await writer(DAY_MS, storage)()
    expect(await aside()).toEqual([
      { kind: 'verdict', text: runId, reason: expect.stringContaining('the store refuses it for good') },
    ])
    expect([await owedNow(), await waiting()]).toEqual([0, 0])
  } finally {
    storage.close()
    await proxy.stop()
  }
})

it.each([
  { status: 400, code: 'InvalidRequest' },
  { status: 400, code: 'AuthorizationHeaderMalformed' },
  { status: 405, code: 'MethodNotAllowed' },
  { status: 413, code: 'EntityTooLarge' },
])('gives no verdict up that a wrongly set up store refuses with $status $code', async ({ status, code }) => {
  const proxy = await startStoreProxy(store.minio.endpoint)
  const storage = createStorage({ ...store.options, endpoint: proxy.endpoint })
  try {
    proxy.breakBy(() => ({ kind: 'refuse', status, code }))
    await buried('cut', 1)
    await writer(DAY_MS, storage)()
    expect([await aside(), await waiting()]).toEqual([[], 1])
  } finally {
    storage.close()
    await proxy.stop()
  }
})

it('leaves a fresh verdict of a function that it does not know to others, who find it soon', async () => {
  const [runId = ''] = await buried('elsewhere', 1)
  const { redis, queue } = used
  for (let round = 0; round < 6; round++) {
    await writer()()
    const dueAtMs = await redis.zscore(queue.keys.verdictsLater, runId)
    const [seconds] = await redis.time()
    expect(Number(dueAtMs) / 1_000 - Number(seconds)).toBeLessThanOrEqual(3.1)
    // Its time has come.
    await redis.zadd(queue.keys.verdictsLater, 0, runId)
  }
})

it('lets a run whose record nobody can read keep no other waiting', async () => {
  const [broken] = await buried('cut', 1)
  const key = `${randomUUID()}.mp4`
  await buried('cut', 1, key)
  await used.redis.hset(used.queue.keys.run(broken!), 'payload', '{')
  await writer()()
  expect(await owedNow()).toBe(0)
  expect(await aside()).toMatchObject([{ text: broken, reason: expect.stringContaining('cannot be read') }])
})
