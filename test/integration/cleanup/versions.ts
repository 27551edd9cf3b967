/** Versions that were removed: what is latest is checked. @module */
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { lookDebt } from '../../../runtime/queue/debts.ts'
import { objectIdOf, runIdOf } from '../../../runtime/queue/keys.ts'
import { type Queue } from '../../../runtime/queue/queue.ts'
import { redisNowMs } from '../../../runtime/queue/redis.ts'
import type { Storage } from '../../../runtime/storage/storage.ts'
import { allDebts, dueDebts } from '../../helpers/debts.ts'
import { cleanUpWith, functionOf, upload, used } from './used.ts'
import { changeFacts } from '../../helpers/packed-run.ts'

describe('a version that was removed', () => {
  const plain = functionOf('plain')
  const owed = () => allDebts(used)
  const look = (version: string) => used.queue.owe(lookDebt('incoming', used.key, version, 'e'), -1_000)
  const runId = (generation: string) => runIdOf('plain', 'incoming', used.key, generation)

  it('leads to one check of the latest version, however many were removed; and that is run again', async () => {
    const { generation } = await upload('incoming', ['plain'], [])
    await changeFacts(used.redis, used.queue.keys, runId(generation), { state: 'superseded' })
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
