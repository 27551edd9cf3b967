/** A Redis without memory: it degrades and loses nothing. MinIO keeps its events, what runs can end, and all goes on with room. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const used = useStack({})
let redis: Redis

beforeAll(() => {
  redis = new Redis(used.stack.redisUrl)
})
afterAll(() => redis?.disconnect())

/** Events that wait in MinIO's queue folder. */
async function staged(): Promise<number> {
  const folder = join(used.stack.dir, 'minio', 'events')
  const names = await readdir(folder, { recursive: true })
  return names.filter((name) => name.endsWith('.event')).length
}

const COUNT = 20

it('keeps events staged, lets what runs end, says so, and does everything when there is room again', async () => {
  const told = await watchFault(used.stack, 'redis full')
  // An upload that is known and running, and one that waits in the inbox, when the memory ends.
  await used.runs.put('slow/running.txt', 'x')
  const running = await used.runs.reached('slow/running.txt', 'running')
  await redis.config('SET', 'maxmemory', '1mb')

  const keys = Array.from({ length: COUNT }, (_, index) => `echo/full-${index}.txt`)
  for (const key of keys) await used.runs.put(key, key)
  await waitFor(async () => (await staged()) >= COUNT, { timeoutMs: 20_000, what: `${COUNT} staged events` })
  await expect(redis.rpush('{sluice}:in', 'x')).rejects.toThrow(/^OOM /)

  // It ends though Redis takes nothing new: its settlement frees memory.
  const ended = await used.runs.reached('slow/running.txt', 'succeeded', 30_000)
  expect(ended).toMatchObject({ runId: running.runId, attempts: 0, crashes: 0, fence: running.fence })
  await used.runs.assertWhole('slow', 'slow/running.txt')
  for (const key of keys) expect(await used.runs.of(key)).toEqual([])
  await told()

  await redis.config('SET', 'maxmemory', '1gb')
  for (const key of keys) {
    expect(await used.runs.reached(key, 'succeeded', 60_000)).toMatchObject({ attempts: 0, crashes: 0 })
    expect(await used.runs.of(key)).toHaveLength(1)
    await used.runs.assertWhole('echo', key)
    expect(await manifestVersions(used.stack.storage, 'echo', key)).toHaveLength(1)
  }
  expect(await staged()).toBe(0)
  expect(await redis.llen('{sluice}:in')).toBe(0)
})

it('takes what it had announced already, when its memory ended between the announcement and the run', async () => {
  // The intake reads this while nothing can be admitted: it is put there when there is still room, and the room goes first.
  await used.stack.runtime.stop()
  await used.runs.put('echo/announced.txt', 'x')
  await waitFor(async () => (await redis.llen('{sluice}:in')) === 2, {
    timeoutMs: 20_000,
    what: 'both announcements in the inbox',
  })
  await redis.config('SET', 'maxmemory', '1mb')
  const starting = used.stack.runtime.start()
  try {
    const told = await waitFor(() => watchFault(used.stack, 'redis full'), {
      timeoutMs: 30_000,
      what: 'the metrics of the runtime that starts',
    })
    await told()
    expect(await redis.llen('{sluice}:in')).toBe(2)
    expect(await used.runs.of('echo/announced.txt')).toEqual([])
  } finally {
    await redis.config('SET', 'maxmemory', '1gb')
    await starting
  }
  expect(await used.runs.reached('echo/announced.txt', 'succeeded', 60_000)).toMatchObject({
    attempts: 0,
    dups: 0,
  })
  await used.runs.assertWhole('echo', 'echo/announced.txt')
})
