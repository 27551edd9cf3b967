/** Verdicts that are owed, on a real Redis and MinIO: what cannot be written keeps nobody else waiting, and ends some day. */
import { randomUUID } from 'node:crypto'
import { expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { placeOf } from '../../runtime/output/layout.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { DAY_MS } from '../../runtime/time.ts'
import { verdictDebt } from '../../runtime/queue/debts.ts'
import { createDebtCollector, type Payers } from '../../runtime/upkeep/debts.ts'
import { createVerdictPayer } from '../../runtime/upkeep/verdicts.ts'
import { allDebts, dueDebts, makeDue } from '../helpers/debts.ts'
import { BURIED, newRunOf, useQueue } from '../helpers/queue.ts'
import { startStoreProxy } from '../helpers/store-proxy.ts'
import { useStore } from '../helpers/store.ts'
import { changeFacts } from '../helpers/packed-run.ts'

const used = useQueue()
const store = useStore({ versioned: ['incoming', 'processed', 'metadata'] })

const cut = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' } }, () => new Response())
function writer(retentionMs = DAY_MS, storage: Storage = store.storage) {
  const log = createLogger({ level: 'silent', format: 'json' })
  const parts = { queue: used.queue, storage, functions: [cut], retentionMs, log }
  return createDebtCollector({ ...parts, payers: () => createVerdictPayer(parts) as Payers }).payDue
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

const owedNow = async () => (await dueDebts(used)).length
const waiting = async () => (await allDebts(used)).length - (await owedNow())
const attemptsOf = async (runId: string) =>
  Number((await used.redis.hget(used.queue.keys.debtAttempts, verdictDebt(runId)))?.split(' ')[0] ?? 0)
const setAttempts = (runId: string, attempts: number, sinceMs: number) =>
  used.redis.hset(used.queue.keys.debtAttempts, verdictDebt(runId), `${attempts} ${sinceMs}`)
/** It has been due for so long that this process no longer leaves it to others. */
const makeOverdue = (runId: string) => used.redis.zadd(used.queue.keys.debts, 0, verdictDebt(runId))
const aside = async () =>
  (await used.redis.xrange(used.queue.keys.aside, '-', '+')).map(([, [, kind, , text, , reason]]) => ({
    kind,
    text,
    reason,
  }))

it('writes what it can beside any number of verdicts of functions that are gone', async () => {
  const key = `${randomUUID()}.mp4`
  // So often tried before that they wait for minutes, however slow this machine is.
  for (const runId of await buried('gone', 300)) {
    await setAttempts(runId, 10, Date.now() - 60 * 60_000)
    await makeOverdue(runId)
  }
  await buried('cut', 1, key)
  await writer()()
  const { verdictBucket, verdictKey } = placeOf(cut, { bucket: 'incoming', key })
  expect(await store.storage.readText(verdictBucket, verdictKey)).toBeDefined()
  expect([await owedNow(), await waiting()]).toEqual([0, 300])
})

it('writes it at once beside fresh ones, which it leaves to others as they are', async () => {
  const key = `${randomUUID()}.mp4`
  await buried('gone', 300)
  await buried('cut', 1, key)
  await writer()()
  const { verdictBucket, verdictKey } = placeOf(cut, { bucket: 'incoming', key })
  expect(await store.storage.readText(verdictBucket, verdictKey)).toBeDefined()
  expect([await owedNow(), await waiting()]).toEqual([300, 0])
})

it('tries again what waits when its time has come, and not before', async () => {
  const [runId = ''] = await buried('gone', 1)
  await makeOverdue(runId)
  const write = writer()
  await write()
  await write()
  expect(await attemptsOf(runId)).toBe(1)
  await makeOverdue(runId)
  await write()
  expect(await attemptsOf(runId)).toBe(2)
})

it('sets aside what nobody could write for as long as runs are kept', async () => {
  const [old = ''] = await buried('gone', 1)
  await setAttempts(old, 19, 1)
  await makeOverdue(old)
  await writer()()
  expect(await aside()).toEqual([
    {
      kind: 'verdict',
      text: old,
      reason: expect.stringContaining('no process here knows the function "gone"'),
    },
  ])
  expect([await owedNow(), await waiting()]).toEqual([0, 0])
  expect(await used.redis.exists(used.queue.keys.debtAttempts)).toBe(0)
  // It may be forgotten now, as any other.
  expect(await used.queue.prune(0, 0, 10, 0)).toMatchObject({ forgotten: 1 })
})

it('writes or sets aside what an older version has left', async () => {
  const key = `${randomUUID()}.mp4`
  const [fresh = ''] = await buried('cut', 1, key)
  const [old = ''] = await buried('gone', 1)
  const { redis, queue } = used
  await redis.del(queue.keys.debts)
  await redis.sadd(`${queue.keys.prefix}verdicts`, fresh)
  await redis.zadd(`${queue.keys.prefix}verdicts:later`, 1, old)
  await redis.hset(queue.keys.run(old), 'verdictTries', 19)
  await changeFacts(redis, queue.keys, old, { endedAtMs: 1 })
  await writer()()
  const { verdictBucket, verdictKey } = placeOf(cut, { bucket: 'incoming', key })
  expect(await store.storage.readText(verdictBucket, verdictKey)).toBeDefined()
  expect(await aside()).toMatchObject([{ kind: 'verdict', text: old }])
  expect(await allDebts(used)).toEqual([])
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
  await writer()()
  expect(await dueDebts(used)).toEqual([verdictDebt(runId)])
  for (let round = 0; round < 6; round++) {
    await makeOverdue(runId)
    await writer()()
    const dueAtMs = await redis.zscore(queue.keys.debts, verdictDebt(runId))
    const [seconds] = await redis.time()
    expect(Number(dueAtMs) / 1_000 - Number(seconds)).toBeLessThanOrEqual(3.1)
  }
  expect(await attemptsOf(runId)).toBe(6)
})

it('waits as it is while the store is away, once that is known', async () => {
  const proxy = await startStoreProxy(store.minio.endpoint)
  const storage = createStorage({ ...store.options, endpoint: proxy.endpoint, writeRetries: 0 })
  try {
    proxy.breakBy(() => ({ kind: 'refuse', status: 403, code: 'InvalidAccessKeyId' }))
    await buried('cut', 9)
    await writer(DAY_MS, storage)()
    expect([await owedNow(), await waiting()]).toEqual([6, 3])
    await makeDue(used)
    proxy.breakBy(() => undefined)
    await writer()()
    expect(await allDebts(used)).toEqual([])
  } finally {
    storage.close()
    await proxy.stop()
  }
})

it.each(['NoSuchBucket', 'AccessDenied'])(
  'writes what it can beside any number of verdicts that their bucket refuses with %s',
  async (code) => {
    const closedKey = `${randomUUID()}.mp4`
    const proxy = await startStoreProxy(store.minio.endpoint)
    const storage = createStorage({ ...store.options, endpoint: proxy.endpoint, writeRetries: 0 })
    try {
      proxy.breakBy(({ path }) =>
        path.includes(closedKey) ? { kind: 'refuse', status: 403, code } : undefined,
      )
      await buried('cut', 5, closedKey)
      const key = `${randomUUID()}.mp4`
      await buried('cut', 1, key)
      await writer(DAY_MS, storage)()
      const { verdictBucket, verdictKey } = placeOf(cut, { bucket: 'incoming', key })
      expect(await store.storage.readText(verdictBucket, verdictKey)).toBeDefined()
      expect([await owedNow(), await waiting()]).toEqual([0, 5])
    } finally {
      storage.close()
      await proxy.stop()
    }
  },
)

it('lets a run whose record nobody can read keep no other waiting', async () => {
  const [broken] = await buried('cut', 1)
  const key = `${randomUUID()}.mp4`
  await buried('cut', 1, key)
  await used.redis.hset(used.queue.keys.run(broken!), 'payload', '{')
  await writer()()
  expect(await owedNow()).toBe(0)
  expect(await aside()).toMatchObject([{ text: broken, reason: expect.stringContaining('cannot be read') }])
})
