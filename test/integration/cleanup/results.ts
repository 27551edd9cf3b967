/** Sources that functions want to have removed, and results whose source is gone. @module */
import { describe, expect, it } from 'vitest'
import { filesDebt, resultsDebt } from '../../../runtime/queue/debts.ts'
import { objectIdOf, runIdOf } from '../../../runtime/queue/keys.ts'
import { type Queue } from '../../../runtime/queue/queue.ts'
import { StorageError } from '../../../runtime/storage/errors.ts'
import type { Storage } from '../../../runtime/storage/storage.ts'
import { allDebts, makeDue } from '../../helpers/debts.ts'
import { listed } from '../../helpers/listed.ts'
import { NOTHING } from '../../helpers/queue.ts'
import { cleanUpWith, eat, functionOf, isThere, mirror, result, upload, used } from './used.ts'
import { changeFacts } from '../../helpers/packed-run.ts'

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
    await changeFacts(used.redis, used.queue.keys, runId, { state: 'succeeded', endedAtMs: endedAtMs! + 1 })
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
