/** The sweep where something is in its way: it goes on with the rest, says so, and begins again later. */
import { beforeAll, expect, it } from 'vitest'
import { StorageError } from '../../runtime/storage/errors.ts'
import { defineFunction, type FunctionDefinition } from '../../runtime/function/definition.ts'
import { createHistory } from '../../runtime/queue/history.ts'
import { createSweepService } from '../../runtime/api/sweep/service.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { newPass } from '../../runtime/upkeep/sweep/due.ts'
import type { PassParts } from '../../runtime/upkeep/sweep/pass.ts'
import { useSweep } from '../helpers/sweep.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useSweep({ versioned: ['alpha', 'beta', 'processed', 'metadata'] }, ['one', 'two', 'gone'])
const { putAll, queued, sweeperOf, sweepStore } = used
const functionOf = (name: string, bucket: string) =>
  defineFunction({ name, version: '1', on: { bucket } }, () => new Response())
const BOTH = [functionOf('one', 'alpha'), functionOf('two', 'beta')]
const GONE = functionOf('gone', 'aaa')
const partsOf = (functions: readonly FunctionDefinition[], storage = used.storage) =>
  used.partsOf(functions, { storage })

beforeAll(async () => {
  await putAll('alpha', ['a', 'b', 'z'])
  await putAll('beta', ['a', 'b'])
})

it('refuses a prefix that no listing takes, and one that came all the same does not stop the passes after it', async () => {
  const service = createSweepService({ ...partsOf(BOTH), store: used.sweepStore() })
  for (const prefix of ['../', 'a/../b', './'])
    await expect(service.sweep({ kind: 'full', dryRun: false, prefix })).rejects.toThrow(StorageError)
  expect(await sweepStore().read()).toEqual({})

  await sweepStore().ask({ id: 'bad', kind: 'full', prefix: '../' })
  const { runDue } = sweeperOf(partsOf(BOTH))
  await runDue()
  expect(await service.view()).toMatchObject({
    passes: [{ id: 'bad', status: 'failed', failure: expect.stringContaining('alpha') as string }],
  })
  await runDue()
  expect((await sweepStore().read()).full).toMatchObject({ objects: 5, healed: { 'lost-event': 5 } })
})

it('continues after a missing bucket, and does not take such a pass as a mark', async () => {
  const { runDue } = sweeperOf(partsOf([GONE, ...BOTH]))
  await runDue()
  expect(await queued('one')).toBe(3)
  expect(await queued('two')).toBe(2)
  const state = await sweepStore().read()
  expect(state).not.toHaveProperty('full')
  expect(state).not.toHaveProperty('pass')
  expect(state.failed).toMatchObject({ objects: 5, reported: { 'bucket-refused': 1 } })
  // Not at once again.
  await runDue()
  expect((await sweepStore().read()).failed?.id).toBe(state.failed?.id)
  await used.redis.del(used.queue.keys.lock('sweep'))
  await sweeperOf(partsOf(BOTH)).runDue()
  expect(await sweepStore().read()).toMatchObject({ full: { objects: 5 } })
  expect(await sweepStore().read()).not.toHaveProperty('failed')
})

it('ends as failed, and not as one that is begun for ever, when the store refuses what every bucket needs', async () => {
  // Watermarks, that is: they are times of objects in the bucket of records.
  const refusing: Storage = {
    ...used.storage,
    list(bucket, options) {
      if (bucket === 'metadata')
        throw new StorageError('not for you', { code: 'AccessDenied', statusCode: 403 })
      return used.storage.list(bucket, options)
    },
  }
  await sweeperOf(partsOf(BOTH, refusing)).runDue()
  const state = await sweepStore().read()
  expect(state).not.toHaveProperty('pass')
  expect(state.failed).toMatchObject({ failure: expect.stringContaining('not for you') as string })
})

it('ends as failed, with the reason for its caller, when a key in Redis is of another type', async () => {
  await used.redis.set(used.queue.keys.runs, 'nothing')
  await sweepStore().ask({ id: 'asked', kind: 'full' })
  const { runDue, metrics } = sweeperOf(partsOf(BOTH))
  await runDue()
  const service = createSweepService({ ...partsOf(BOTH), store: sweepStore() })
  expect((await service.view()).passes).toMatchObject([
    { id: 'asked', status: 'failed', failure: expect.stringContaining('WRONGTYPE') as string },
  ])
  const { values } = await metrics.sweepPasses.get()
  expect(values).toMatchObject([{ labels: { kind: 'full', outcome: 'failed' }, value: 1 }])
})

it('heals the rest when a run in Redis is of another type, and that run too', async () => {
  await sweeperOf(partsOf(BOTH)).runDue()
  const [, runIds] = await createHistory(used.redis, used.queue.keys).scan('0', 100)
  const [first = '', second = ''] = runIds
  await used.redis.set(used.queue.keys.run(first), 'nothing')
  await used.redis.hset(used.queue.keys.run(second), 's', 'nothing')
  await used.redis.del(used.queue.keys.lock('sweep'))
  await sweeperOf(partsOf(BOTH)).runDue()
  expect((await sweepStore().read()).full).toMatchObject({ objects: 5, healed: { 'lost-event': 2 } })
  expect(await createHistory(used.redis, used.queue.keys).states(runIds)).toMatchObject(
    runIds.map(() => ({ state: 'queued' })),
  )
})

it('leaves an object alone of which the store does not give the record, and sees to the others', async () => {
  const { storage } = used
  const unreadable: Storage = {
    ...storage,
    readText: (bucket, key, options) =>
      bucket === 'processed' && key === 'a/one/manifest.json'
        ? Promise.reject(new StorageError('too large', { code: 'EntityTooLarge', statusCode: 400 }))
        : storage.readText(bucket, key, options),
  }
  await sweeperOf(partsOf(BOTH, unreadable)).runDue()
  expect((await sweepStore().read()).full).toMatchObject({
    healed: { 'lost-event': 4 },
    reported: { unreadable: 1 },
  })
})

it('continues in the bucket and after the key where a pass has stopped, and not in earlier ones', async () => {
  const start = newPass('w', { kind: 'full', cause: 'start' }, {}, 0, await used.queue.nowMs())
  await sweepStore().begin({ ...start, at: { stage: 'objects', bucket: 'alpha', after: 'b' } })
  await sweeperOf(partsOf(BOTH)).runDue()
  expect((await sweepStore().read()).full).toMatchObject({ objects: 3 })
  expect([await queued('one'), await queued('two')]).toEqual([1, 2])
})

it('continues in a later bucket without those before it', async () => {
  const start = newPass('w', { kind: 'full', cause: 'start' }, {}, 0, await used.queue.nowMs())
  await sweepStore().begin({ ...start, at: { stage: 'objects', bucket: 'beta', after: 'a' } })
  await sweeperOf(partsOf(BOTH)).runDue()
  expect((await sweepStore().read()).full).toMatchObject({ objects: 1 })
  expect([await queued('one'), await queued('two')]).toEqual([0, 1])
})

it('looks in a recent pass only at objects that are recent enough, and a pass of a part does not become a mark', async () => {
  const nowMs = await used.queue.nowMs()
  const start = newPass('w', { kind: 'recent', cause: 'interval' }, {}, 0, nowMs)
  await sweepStore().begin({ ...start, sinceMs: nowMs + 60_000 })
  const { runDue } = sweeperOf(partsOf(BOTH))
  await runDue()
  expect((await sweepStore().read()).recent).toMatchObject({ objects: 5, healed: {} })

  await sweepStore().ask({ id: 'part', kind: 'full', bucket: 'beta' })
  await runDue()
  const state = await sweepStore().read()
  expect(state.ended?.[0]).toMatchObject({ id: 'part', objects: 2, healed: { 'lost-event': 2 } })
  expect(state).not.toHaveProperty('full')
})

it('keeps its lock while a batch takes longer than that is good for', async () => {
  const lockMs = 150
  const { storage } = used
  const other = sweeperOf(partsOf(BOTH), { lockMs })
  let isSlow = true
  const slow: Storage = {
    ...storage,
    async *list(bucket, options) {
      if (bucket === 'alpha' && isSlow) {
        isSlow = false
        const untilMs = (await used.queue.nowMs()) + 4 * lockMs
        await waitFor(async () => (await used.queue.nowMs()) > untilMs, { timeoutMs: 5_000, what: 'time' })
        await other.runDue()
      }
      yield* storage.list(bucket, options)
    },
  }
  await sweeperOf(partsOf(BOTH, slow), { lockMs }).runDue()
  expect((await sweepStore().read()).full).toMatchObject({ objects: 5 })
  expect((await other.metrics.sweepObjects.get()).values[0]?.value ?? 0).toBe(0)
})

it('remembers what was asked for, however many others have ended since, and of the others the last ones', async () => {
  const end = async (id: string, cause: 'request' | 'interval') => {
    const request = { id, kind: 'recent', bucket: 'alpha' } as const
    const pass = newPass(id, { kind: 'recent', cause, request }, {}, 0, await used.queue.nowMs())
    await sweepStore().begin(pass)
    expect(await sweepStore().end({ ...pass, endedAtMs: pass.startedAtMs })).toMatchObject({ id })
  }
  await end('asked', 'request')
  for (let n = 0; n < 12; n++) await end(`own-${n}`, 'interval')
  const ids = ((await sweepStore().read()).ended ?? []).map(({ id }) => id)
  expect(ids).toEqual([...[...Array(10).keys()].map((n) => `own-${11 - n}`), 'asked'])
})

it('a dry run does not wait through the retries of a store that says nothing', async () => {
  const silent: Storage = {
    ...used.storage,
    // oxlint-disable-next-line require-yield -- It never comes to that.
    async *list(_, options) {
      await new Promise((_, reject) => {
        options?.signal?.addEventListener('abort', () =>
          reject(new StorageError('given up', { code: 'ABORT_ERR' })),
        )
      })
    },
  }
  const service = createSweepService({ ...partsOf(BOTH, silent), store: used.sweepStore(), patienceMs: 50 })
  await expect(service.sweep({ kind: 'full', dryRun: true })).rejects.toThrow('given up')
})

it('continues with the run where a pass has stopped, not with the first one', async () => {
  const start = newPass('w', { kind: 'full', cause: 'start' }, {}, 0, await used.queue.nowMs())
  const cursors: string[] = []
  const parts = partsOf(BOTH)
  const telling: PassParts = {
    ...parts,
    history: {
      ...parts.history,
      scan: (cursor, count) => {
        cursors.push(cursor)
        return parts.history.scan(cursor, count)
      },
    },
  }
  await sweepStore().begin({ ...start, at: { stage: 'runs', cursor: '3' } })
  await sweeperOf(telling).runDue()
  expect(cursors[0]).toBe('3')
})

it('looks once at what came when a server has come back', async () => {
  const sweeper = sweeperOf(partsOf(BOTH))
  await sweeper.runDue()
  sweeper.serverCameBack()
  for (let looks = 0; looks < 3; looks++) await sweeper.runDue()
  const causes = ((await sweepStore().read()).ended ?? []).map(({ cause }) => cause)
  expect(causes).toEqual(['reconnect', 'no-marker'])
})
