/** What one process of many does at a time, and which runs go on: read from a real Redis. */
import { expect, it } from 'vitest'
import { createLock } from '../../runtime/queue/lock.ts'
import { FN, newRunOf, useQueue } from '../helpers/queue.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useQueue()
const LONG_MS = 600_000
const leftMs = (key: string) => used.redis.pttl(key)

it('a lock is its holder’s and nobody else’s, and goes to another when it was not kept', async () => {
  const key = used.queue.keys.lock('test')
  const [one, other] = [createLock(used.redis, key, LONG_MS), createLock(used.redis, key, 50)]
  expect([await one.hold(), await other.hold(), await one.hold()]).toEqual([true, false, true])
  await used.redis.del(key)
  expect(await other.hold()).toBe(true)
  expect(await leftMs(key)).toBeGreaterThan(0)
  await waitFor(() => one.hold(), { timeoutMs: 5_000, what: 'the lock to be anybody’s' })
})

it('a lock that is kept is good for its whole time again', async () => {
  const key = used.queue.keys.lock('test')
  const lock = createLock(used.redis, key, LONG_MS)
  await lock.hold()
  await used.redis.pexpire(key, 1_000)
  expect(await lock.hold()).toBe(true)
  expect(await leftMs(key)).toBeGreaterThan(1_000)
})

it('lists all runs in progress, however many there are', async () => {
  const count = 1_100
  const ids = Array.from({ length: count }, (_, n) => `run-${n}`)
  await used.queue.enqueue(...ids.map((id) => newRunOf(id)))
  const { claims } = await used.queue.claim('w', count)
  expect(claims).toHaveLength(count)
  const running = await used.queue.running(FN)
  expect(running.map(({ key }) => key).toSorted()).toEqual(ids.map((id) => `${id}.mp4`).toSorted())
})
