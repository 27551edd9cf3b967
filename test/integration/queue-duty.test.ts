/** What one process of many does at a time, and which runs go on: read from a real Redis. */
import { expect, it } from 'vitest'
import { createDuty } from '../../runtime/queue/duty.ts'
import { FN, newRunOf, useQueue } from '../helpers/queue.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useQueue()
const LONG_MS = 600_000
const leftMs = (key: string) => used.redis.pttl(key)

it('a duty is its holder’s and nobody else’s, and goes to another when it was not kept', async () => {
  const key = used.queue.keys.duty('test')
  const [one, other] = [createDuty(used.redis, key, LONG_MS), createDuty(used.redis, key, 50)]
  expect([await one.isMine(), await other.isMine(), await one.isMine()]).toEqual([true, false, true])
  await used.redis.del(key)
  expect(await other.isMine()).toBe(true)
  expect(await leftMs(key)).toBeGreaterThan(0)
  await waitFor(() => one.isMine(), { timeoutMs: 5_000, what: 'the duty to be anybody’s' })
})

it('a duty that is kept is good for its whole time again', async () => {
  const key = used.queue.keys.duty('test')
  const duty = createDuty(used.redis, key, LONG_MS)
  await duty.isMine()
  await used.redis.pexpire(key, 1_000)
  expect(await duty.isMine()).toBe(true)
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
