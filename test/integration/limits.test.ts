/** Pauses and limits on a real Redis and MinIO: the bucket holds, whatever Redis says. */
import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { createLimitStore, type LimitStore } from '../../runtime/records/limits.ts'
import { type Queue } from '../../runtime/queue/queue.ts'
import { useQueue } from '../helpers/queue.ts'
import { useStore } from '../helpers/store.ts'

const used = Object.assign(useQueue(), {
  store: useStore({ versioned: ['metadata'] }),
  limits: {} as LimitStore,
  name: '',
})
beforeEach(() => {
  used.limits = createLimitStore(used.store.storage, used.queue)
  used.name = `f-${randomUUID().slice(0, 8)}`
})

const heard = async () =>
  (await used.limits.complete([used.name], await used.queue.registerWorker('w', 5_000, [used.name]))).get(
    used.name,
  )

it('are heard by workers as soon as they are changed', async () => {
  expect(await heard()).toMatchObject({ isPaused: false })
  await used.limits.change(used.name, { isPaused: true })
  expect(await heard()).toMatchObject({ isPaused: true, revision: 1 })
})

it('come back from the bucket when Redis has lost them', async () => {
  await used.limits.change(used.name, { isPaused: true, concurrency: 3 })
  await used.redis.del(used.queue.keys.limits)
  expect(await heard()).toMatchObject({ isPaused: true, concurrency: 3 })
})

it('hold in the end when a change reached the bucket and died before it reached Redis', async () => {
  await used.limits.change(used.name, { isPaused: false })
  const deaf: Queue = { ...used.queue, setLimits: () => Promise.reject(new Error('redis is away')) }
  await expect(
    createLimitStore(used.store.storage, deaf).change(used.name, { isPaused: true }),
  ).rejects.toThrow('away')
  expect(await heard()).toMatchObject({ isPaused: false })
  await used.limits.reconcile([used.name])
  expect(await heard()).toMatchObject({ isPaused: true })
})

it('can be changed after the bucket was set back to an older state', async () => {
  for (let i = 0; i < 3; i++) await used.limits.change(used.name, { concurrency: i + 1 })
  const key = `~sluice/${used.name}.limits.json`
  for await (const { versionId } of used.store.storage.list('metadata', { prefix: key, versions: true }))
    await used.store.storage.remove('metadata', key, { ...(versionId && { versionId }) })
  await used.limits.change(used.name, { isPaused: true })
  expect(await heard()).toMatchObject({ isPaused: true, revision: 1 })
})

it('lose none of two changes at once', async () => {
  await Promise.all([
    used.limits.change(used.name, { isPaused: true }),
    used.limits.change(used.name, { concurrency: 7 }),
  ])
  await used.limits.reconcile([used.name])
  expect(await heard()).toMatchObject({ isPaused: true, concurrency: 7, revision: 2 })
})
