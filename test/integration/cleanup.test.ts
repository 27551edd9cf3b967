/** Cleaning up on a real Redis and MinIO, by a worker that does not know everything: what could be lost stays. */
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { createRouter } from '../../runtime/function/routing.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { filesDebt, lookDebt, resultsDebt } from '../../runtime/queue/debts.ts'
import { createHistory } from '../../runtime/queue/history.ts'
import { objectIdOf, runIdOf } from '../../runtime/queue/keys.ts'
import type { ResultsOf } from '../../runtime/queue/debts.ts'
import { type Queue } from '../../runtime/queue/queue.ts'
import { redisNowMs } from '../../runtime/queue/redis.ts'
import { StorageError } from '../../runtime/storage/errors.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { DAY_MS } from '../../runtime/time.ts'
import { sweepKey } from '../../runtime/upkeep/sweep/sweeping.ts'
import { createCleanupPayers } from '../../runtime/upkeep/cleanup.ts'
import { createDebtCollector } from '../../runtime/upkeep/debts.ts'
import { createVerdictPayer } from '../../runtime/upkeep/verdicts.ts'
import { allDebts, dueDebts, makeDue } from '../helpers/debts.ts'
import { listed } from '../helpers/listed.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { newRunOf, NOTHING, useQueue } from '../helpers/queue.ts'
import { useStore } from '../helpers/store.ts'

const log = createLogger({ level: 'silent', format: 'json' })
const BODY = { contentType: 'text/plain' }
const used = Object.assign(useQueue(), {
  store: useStore({ plain: ['unversioned'], versioned: ['incoming', 'processed', 'metadata'] }),
  key: '',
  looks: 0,
})
beforeEach(() => {
  used.key = `${randomUUID()}.txt`
  used.looks = 0
  removals.length = 0
})

const removals: ResultsOf[] = []
const functionOf = (name: string, rest: object = {}, bucket = 'incoming') =>
  defineFunction({ name, version: '1', on: { bucket }, ...rest }, () => new Response())
const eat = functionOf('eat', { afterSuccess: 'remove' })
const mirror = functionOf('mirror', { onDelete: 'remove' })

function cleanUpWith(
  functions: readonly ReturnType<typeof functionOf>[],
  storage: Storage = used.store.storage,
  queue: Queue = used.queue,
  retentionMs = DAY_MS,
) {
  const router = createRouter(functions)
  const history = createHistory(used.redis, queue.keys)
  const sweep = { queue, storage, functions, router, history, graceMs: 0, paths: 2, recordTtlMs: 1 } as const
  const checkLatest = (bucket: string, key: string) => {
    used.looks++
    return sweepKey(sweep, bucket, key)
  }
  const recordRemoval = (removal: ResultsOf) => {
    removals.push(removal)
    return Promise.resolve()
  }
  const parts = { queue, storage, functions, router, log, checkLatest, recordRemoval }
  const { payDue } = createDebtCollector({
    ...parts,
    retentionMs,
    payers: () => ({ ...createVerdictPayer(parts), ...createCleanupPayers(parts) }),
  })
  return payDue
}

/** An uploaded object and its run of each function, of which the named ones have succeeded. */
async function upload(bucket: string, names: readonly string[], succeeded: readonly string[]) {
  const { storage } = used.store
  await storage.put(bucket, used.key, { bytes: Buffer.from('x') }, BODY)
  const head = (await storage.head(bucket, used.key))!
  const { etag, sizeBytes, lastModifiedMs, versionId } = head
  const generation = versionId ?? `${etag}@${lastModifiedMs}`
  const payload = {
    bucket,
    key: used.key,
    generation,
    ...(versionId && { versionId }),
    etag,
    sizeBytes,
    lastModifiedMs,
    eventTimeMs: 0,
  }
  const runs = names.map((functionName) =>
    newRunOf(runIdOf(functionName, bucket, used.key, generation), {
      functionName,
      objectId: objectIdOf(bucket, used.key),
      payload,
    }),
  )
  await used.queue.admit({ ...NOTHING, runs })
  const wants = succeeded.map((functionName) => ({ functionName, free: 1, lowFirst: 0 }))
  const { claims } = await used.queue.turn({
    consumer: 'w',
    token: randomUUID(),
    inFlight: 0,
    settlements: [],
    wants,
  })
  const settlements = claims.map(({ runId, fence, token }) => ({
    runId,
    fence,
    token,
    kind: 'complete' as const,
    result: '{}',
    owed: { source: JSON.stringify(['source', runId, 0]) },
  }))
  await used.queue.turn({ consumer: 'w', token: randomUUID(), inFlight: 0, settlements, wants: [] })
  return { generation, etag }
}

const isThere = async (bucket = 'incoming') => (await used.store.storage.head(bucket, used.key)) !== undefined

it('removes the source when nothing is left to do with it', async () => {
  await upload('incoming', ['eat'], ['eat'])
  await cleanUpWith([eat])()
  expect(await isThere()).toBe(false)
})

it('keeps the source while a run of a function that this worker does not know is unfinished', async () => {
  await upload('incoming', ['eat', 'elsewhere'], ['eat'])
  await cleanUpWith([eat])()
  expect(await isThere()).toBe(true)
})

it('keeps the source while such a run is in progress that was marked as out of date, too early or by mistake', async () => {
  await upload('incoming', ['eat', 'elsewhere'], ['eat'])
  const mark = {
    objectId: objectIdOf('incoming', used.key),
    generation: 'before',
    hint: 'superseded',
  } as const
  await used.queue.admit({ ...NOTHING, marks: [mark] })
  await cleanUpWith([eat])()
  expect(await isThere()).toBe(true)
})

it('keeps the source in a bucket without versions, where a newer upload could be hit', async () => {
  const eatThere = functionOf('eat', { afterSuccess: 'remove' }, 'unversioned')
  await upload('unversioned', ['eat'], ['eat'])
  await cleanUpWith([eatThere])()
  expect(await isThere('unversioned')).toBe(true)
})

/** A result with one file whose source is gone. */
async function result(generation = 'v1', run = 'r') {
  const { storage } = used.store
  const folder = `${used.key}/mirror/`
  const source = { bucket: 'incoming', key: used.key, generation, lastModified: '2026-01-01T00:00:00.000Z' }
  const manifest = manifestOf({ run, attempt: 'A1', source })
  await storage.put('processed', `${folder}~A1/file.txt`, { bytes: Buffer.from('x') }, BODY)
  await storage.put(
    'processed',
    `${folder}manifest.json`,
    { bytes: Buffer.from(JSON.stringify(manifest)) },
    BODY,
  )
  const left = async () => {
    const keys: string[] = []
    for await (const { key } of storage.list('processed', { prefix: folder, versions: true }))
      keys.push(key.slice(folder.length))
    return keys
  }
  const of = { functionName: 'mirror', bucket: 'incoming', key: used.key }
  return { left, of }
}

it('removes a result, and its files though the store failed after its manifest had gone', async () => {
  const { left, of } = await result()
  await used.queue.owe(resultsDebt(of, 'e1'), 0)
  let fails = true
  const failing: Storage = {
    ...used.store.storage,
    async remove(bucket, key, options) {
      if (fails && key.includes('/~')) throw new StorageError('away', { code: 'ECONNREFUSED' })
      return used.store.storage.remove(bucket, key, options)
    },
  }
  const cleanUp = cleanUpWith([mirror], failing)
  await cleanUp()
  await cleanUp()
  expect(await left()).toEqual(['~A1/file.txt'])
  fails = false
  // It is owed for later; the wait is left out.
  const files = filesDebt(of, ['A1'], [])
  expect(await allDebts(used)).toEqual([files])
  await used.queue.owe(files, 0)
  await cleanUp()
  expect(await left()).toEqual([])
})

it('notes the files before their manifest goes, so that a worker which dies right after it forgets none', async () => {
  const { left, of } = await result()
  await used.queue.owe(resultsDebt(of, 'e1'), 0)
  const dying: Queue = {
    ...used.queue,
    owe: (debt, delayMs) =>
      delayMs === 0 ? Promise.reject(new Error('the worker is gone')) : used.queue.owe(debt, delayMs),
  }
  await cleanUpWith([mirror], used.store.storage, dying)()
  expect(await left()).toEqual(['~A1/file.txt'])
  expect(await allDebts(used)).toContain(filesDebt(of, ['A1'], []))
})

describe('a result whose source was deleted', () => {
  /** It has succeeded, and its source is gone. */
  async function removed() {
    const { generation } = await upload('incoming', ['mirror'], ['mirror'])
    const runId = runIdOf('mirror', 'incoming', used.key, generation)
    const found = await result(generation, runId)
    await used.store.storage.remove('incoming', used.key)
    await used.queue.owe(resultsDebt(found.of, 'e1'), 0)
    return { ...found, runId, generation }
  }

  it('is done again when the source comes back, though the worker died when the manifest had just gone', async () => {
    const { left, runId } = await removed()
    const dying: Queue = {
      ...used.queue,
      owe: (debt, delayMs) =>
        delayMs === 0 ? Promise.reject(new Error('the worker is gone')) : used.queue.owe(debt, delayMs),
      resultRemoved: () => Promise.reject(new Error('the worker is gone')),
    }
    await cleanUpWith([mirror], used.store.storage, dying)()
    expect(await left()).toEqual(['~A1/file.txt'])
    const [marker] = await listed(used.store.storage.list('incoming', { prefix: used.key, versions: true }))
    await used.store.storage.remove('incoming', used.key, { versionId: marker!.versionId! })
    await makeDue(used)
    const cleanUp = cleanUpWith([mirror])
    await cleanUp()
    await cleanUp()
    expect(await left()).toEqual([])
    expect(await used.queue.run(runId)).toMatchObject({ state: 'queued', trigger: 'sweep' })
  })

  it('counts as one that never was, but not the one that was made since', async () => {
    const { left, runId } = await removed()
    await cleanUpWith([mirror])()
    await cleanUpWith([mirror])()
    expect(await left()).toEqual([])
    expect(await used.queue.run(runId)).toMatchObject({ state: 'source-gone' })
    const { endedAtMs } = (await used.queue.run(runId))!
    await used.redis.hset(used.queue.keys.run(runId), { state: 'succeeded', endedAt: endedAtMs! + 1 })
    await used.queue.owe(
      filesDebt({ functionName: 'mirror', bucket: 'incoming', key: used.key }, ['A1'], [], {
        runId,
        endedAtMs: endedAtMs!,
      }),
      0,
    )
    await cleanUpWith([mirror])()
    expect(await used.queue.run(runId)).toMatchObject({ state: 'succeeded' })
  })

  it('is still current when its removal was noted but never started, and then none of it is removed', async () => {
    const { generation } = await upload('incoming', ['mirror'], ['mirror'])
    const runId = runIdOf('mirror', 'incoming', used.key, generation)
    const { left, of } = await result(generation, runId)
    const { endedAtMs } = (await used.queue.run(runId))!
    await used.queue.owe(filesDebt(of, ['A1'], [], { runId, endedAtMs: endedAtMs! }), 0)
    await cleanUpWith([mirror])()
    expect(await used.queue.run(runId)).toMatchObject({ state: 'succeeded' })
    expect(await left()).toHaveLength(2)
  })
})

it('keeps a result whose source the runtime itself has removed, on whatever machine', async () => {
  const { left, of } = await result('v7')
  await used.queue.markConsumed(objectIdOf('incoming', used.key), 'v7')
  await used.queue.owe(resultsDebt(of, 'e1'), 0)
  await cleanUpWith([mirror])()
  expect(await left()).toHaveLength(2)
})

it('leaves what is owed of a function that it does not know to a worker that does', async () => {
  const { left, of } = await result()
  await used.queue.owe(resultsDebt(of, 'e1'), 0)
  await cleanUpWith([eat])()
  expect(await left()).toHaveLength(2)
  // At once, and not only when it is tried again.
  await cleanUpWith([mirror])()
  expect(await left()).toEqual(['~A1/file.txt'])
})

it('leaves the source that a function it does not know wants to have removed to a worker that does', async () => {
  await upload('incoming', ['eat'], ['eat'])
  await cleanUpWith([mirror])()
  expect(await isThere()).toBe(true)
  await cleanUpWith([eat])()
  expect(await isThere()).toBe(false)
})

it('pays what it can behind more than it reads at once of what it cannot', async () => {
  const { left, of } = await result()
  for (let n = 0; n < 100; n++)
    await used.queue.owe(resultsDebt({ ...of, functionName: 'elsewhere' }, `e${n}`), -1_000)
  await used.queue.owe(resultsDebt(of, 'own'), 0)
  await cleanUpWith([mirror])()
  expect(await left()).not.toContain('manifest.json')
})

it.each([
  { name: 'is no text of ours', poison: 'poison', isAside: true },
  { name: 'is of another shape', poison: '[7]', isAside: true },
  { name: 'is of a kind that another version knows', poison: '["later","x"]', isAside: false },
])('pays what it can beside a debt that $name', async ({ poison, isAside }) => {
  const { left, of } = await result()
  await used.queue.owe(poison, -1_000)
  await used.queue.owe(resultsDebt(of, 'own'), 0)
  await cleanUpWith([mirror])()
  expect(await left()).not.toContain('manifest.json')
  const { keys } = used.queue
  expect(await used.redis.xlen(keys.aside)).toBe(isAside ? 1 : 0)
  expect((await allDebts(used)).includes(poison)).toBe(!isAside)
})

it('pays what it can beside a debt whose run nobody can read', async () => {
  const { left, of } = await result()
  await used.redis.hset(used.queue.keys.run('broken'), { state: 'succeeded', fn: 'eat', payload: '{' })
  await used.queue.owe(JSON.stringify(['source', 'broken', 0]), -1_000)
  await used.queue.owe(resultsDebt(of, 'own'), 0)
  await cleanUpWith([mirror])()
  expect(await left()).not.toContain('manifest.json')
})

it('sets aside what could not be paid for as long as runs are kept, whatever it is, and at once what can never be', async () => {
  const { of } = await result()
  const { keys } = used.queue
  // Its manifest is there, which is an error of somebody.
  const broken = filesDebt(of, ['A1'], [])
  const gone = resultsDebt({ ...of, functionName: 'gone' }, 'e')
  const later = '["later","x"]'
  await used.redis.hset(used.queue.keys.run('broken'), { state: 'succeeded', fn: 'eat', payload: '{' })
  const unreadable = JSON.stringify(['source', 'broken', 0])
  for (const debt of [broken, gone, later]) {
    await used.redis.hset(keys.debtAttempts, debt, `18 ${(await redisNowMs(used.redis)) - 2_000}`)
    await used.queue.owe(debt, -60_000)
  }
  await used.queue.owe(unreadable, -60_000)
  const cleanUp = cleanUpWith([mirror], used.store.storage, used.queue, 1_000)
  await cleanUp()
  expect((await allDebts(used)).toSorted()).toEqual([broken, gone, later].toSorted())
  for (const debt of [broken, gone, later]) await used.queue.owe(debt, -60_000)
  await cleanUp()
  expect(await allDebts(used)).toEqual([])
  expect(await used.redis.hlen(keys.debtAttempts)).toBe(0)
  const aside = (await used.redis.xrange(keys.aside, '-', '+')).map(([, fields]) => [fields[3], fields[5]])
  expect(Object.fromEntries(aside)).toEqual({
    [unreadable]: expect.stringContaining('cannot be read'),
    [broken]: 'given up after 20 attempts: the manifest of a result that is to be removed is still there',
    [gone]: 'given up after 20 attempts: no process here knows the function "gone"',
    [later]: 'given up after 20 attempts: no process here knows the kind "later"',
  })
})

it('waits longer each time, up to five minutes', async () => {
  const { of } = await result()
  const debt = filesDebt(of, ['A1'], [])
  const waits: number[] = []
  for (const attempts of [0, 1, 5, 30]) {
    await used.redis.hset(used.queue.keys.debtAttempts, debt, `${attempts} ${await redisNowMs(used.redis)}`)
    await used.queue.owe(debt, 0)
    await cleanUpWith([mirror])()
    const dueAtMs = Number(await used.redis.zscore(used.queue.keys.debts, debt))
    waits.push(Math.ceil((dueAtMs - (await redisNowMs(used.redis))) / 1_000))
  }
  expect(waits).toEqual([1, 2, 32, 300])
})

it('makes room for others when nobody comes by who can pay', async () => {
  const { of } = await result()
  const debts = [...Array(100).keys()].map((n) => resultsDebt(of, `e${n}`))
  for (const debt of debts) await used.queue.owe(debt, -120_000)
  await cleanUpWith([eat])()
  expect(await dueDebts(used)).toEqual([])
  expect(await used.redis.zcard(used.queue.keys.debts)).toBe(100)
})

describe('a version that was removed', () => {
  const plain = functionOf('plain')
  const owed = () => allDebts(used)
  const look = (version: string) => used.queue.owe(lookDebt('incoming', used.key, version, 'e'), -1_000)
  const runId = (generation: string) => runIdOf('plain', 'incoming', used.key, generation)

  it('leads to one check of the latest version, however many were removed; and that is run again', async () => {
    const { generation } = await upload('incoming', ['plain'], [])
    await used.redis.hset(used.queue.keys.run(runId(generation)), 'state', 'superseded')
    for (const version of ['v1', 'v2', 'v3']) await look(version)
    await cleanUpWith([plain])()
    expect(await used.queue.run(runId(generation))).toMatchObject({ state: 'queued', trigger: 'sweep' })
    expect(used.looks).toBe(1)
    expect(await owed()).toEqual([])
  })

  it('is checked again when it was announced during a check', async () => {
    await upload('incoming', ['plain'], [])
    // More than are read at once, so that what comes meanwhile is of the same round.
    for (let n = 0; n < 100; n++) await look(`v${n}`)
    const telling: Storage = {
      ...used.store.storage,
      async head(bucket, key, options) {
        if (used.looks === 1) await used.queue.owe(lookDebt('incoming', used.key, 'late', 'e'), 0)
        return used.store.storage.head(bucket, key, options)
      },
    }
    await cleanUpWith([plain], telling)()
    expect(used.looks).toBe(2)
    expect(await owed()).toEqual([])
  })

  it('is paid for by one worker of several', async () => {
    const versions = [...Array(30).keys()].map((n) => `v${n}`)
    for (const version of versions) await look(version)
    const paid: string[] = []
    const counting: Queue = {
      ...used.queue,
      debtPaid: (debt) => {
        paid.push(debt)
        return used.queue.debtPaid(debt)
      },
    }
    await Promise.all([1, 2, 3].map(() => cleanUpWith([plain], used.store.storage, counting)()))
    expect(paid.toSorted()).toEqual(versions.map((v) => lookDebt('incoming', used.key, v, 'e')).toSorted())
    expect(await owed()).toEqual([])
  })

  it('is checked again while a run is in progress that may have asked the store before', async () => {
    const { generation } = await upload('incoming', ['plain'], [])
    const wants = [{ functionName: 'plain', free: 1, lowFirst: 0 }]
    await used.queue.turn({ consumer: 'w', token: randomUUID(), inFlight: 0, settlements: [], wants })
    await look('v1')
    await cleanUpWith([plain])()
    expect(await owed()).toEqual([lookDebt('incoming', used.key, 'v1', 'e')])
    // Soon: until then a result of what is gone may stand.
    expect(await dueDebts(used)).toEqual([])
    const dueAtMs = Number(await used.redis.zscore(used.queue.keys.debts, (await owed())[0]!))
    expect(dueAtMs).toBeLessThanOrEqual((await redisNowMs(used.redis)) + 10_000)
    expect(await used.queue.run(runId(generation))).toMatchObject({ state: 'running', trigger: 'upload' })
  })

  it('is checked later while its own run is in progress, which may still commit its result', async () => {
    const { generation } = await upload('incoming', ['plain'], [])
    const wants = [{ functionName: 'plain', free: 1, lowFirst: 0 }]
    await used.queue.turn({ consumer: 'w', token: randomUUID(), inFlight: 0, settlements: [], wants })
    for (const version of ['v1', generation]) await look(version)
    await used.store.storage.remove('incoming', used.key, { versionId: generation })
    await cleanUpWith([plain])()
    expect(await owed()).toEqual([lookDebt('incoming', used.key, generation, 'e')])
  })

  it('needs no check when the runtime itself removed it, or when nothing is left', async () => {
    await used.queue.markConsumed(objectIdOf('incoming', used.key), 'v1')
    await look('v1')
    await cleanUpWith([plain])()
    expect(used.looks).toBe(0)
    await look('v2')
    await cleanUpWith([plain])()
    expect(used.looks).toBe(1)
    expect(await owed()).toEqual([])
  })

  it('is left to a worker that knows a function of its bucket', async () => {
    await look('v1')
    await cleanUpWith([functionOf('other', {}, 'unversioned')])()
    expect(used.looks).toBe(0)
    expect(await owed()).toHaveLength(1)
  })
  it('is not kept waiting by any number of debts that nobody here can pay', async () => {
    await upload('incoming', ['plain'], [])
    // More than one call of the script looks at, and all due before the one that can be paid.
    const others = [...Array(1_200).keys()].map((n) => lookDebt('unversioned', `other-${n}`, 'v', 'e'))
    const dueAtMs = await redisNowMs(used.redis)
    await used.redis.zadd(used.queue.keys.debts, ...others.flatMap((debt) => [dueAtMs, debt]))
    await used.queue.owe(lookDebt('incoming', used.key, 'v1', 'e'), 0)
    await cleanUpWith([plain])()
    expect(used.looks).toBe(1)
    // After ten seconds they would be put off, and make room in any case.
    expect((await dueDebts(used)).toSorted()).toEqual(others.toSorted())
  }, 20_000)
})
