/** A way to Redis that loses, cuts, delays and forgets: through a proxy between the runtime and a real Redis. MinIO has its own way there. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLossyProxy, type LossyProxy } from '../helpers/lossy-proxy.ts'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { openFiles, otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const used = useStack({})
const dice = random('network-redis')
let wire: LossyProxy
let runtime: OtherRuntime

beforeAll(async () => {
  await used.stack.runtime.stop()
  wire = await startLossyProxy(Number(new URL(used.stack.redisUrl).port))
  runtime = otherRuntime(used.stack, { REDIS_URL: `redis://127.0.0.1:${wire.port}` })
  await runtime.start()
})

afterAll(async () => {
  await runtime?.stop()
  await wire?.stop()
})

const keysOf = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `echo/${name}-${index}.txt`)

async function upload(keys: readonly string[]): Promise<void> {
  for (const key of keys) await used.runs.put(key, `body of ${key}`)
}

/** One run each, which was handled by one attempt or handed back uncounted, and one result that was committed once. */
async function doneOnce(keys: readonly string[]): Promise<readonly string[]> {
  for (const key of keys) {
    const run = await used.runs.reached(key, 'succeeded', 60_000)
    expect({ key, attempts: run.attempts, crashes: run.crashes }).toEqual({ key, attempts: 0, crashes: 0 })
    expect(await used.runs.of(key)).toHaveLength(1)
    const [file = ''] = await used.runs.assertWhole('echo', key)
    const written = await used.stack.storage.readText('processed', file)
    expect(JSON.parse(written?.text ?? '')).toMatchObject({ key, body: `body of ${key}` })
    expect(await manifestVersions(used.stack.storage, 'echo', key)).toHaveLength(1)
  }
  return keys
}

describe('the way to Redis', () => {
  it('may lose replies: what was done already is not done again', async () => {
    const told = await watchFault(used.stack, 'connection to redis lost')
    const lostBefore = wire.lost
    // Of whatever is asked next: to admit, to claim, to hold the fence, to settle, or to shake hands anew.
    for (let round = 0; round < 15; round++) {
      const keys = keysOf(`lost-${round}`, 3)
      const before = dice.below(3)
      await upload(keys.slice(0, before))
      wire.loseReplies(1 + dice.below(3))
      await upload(keys.slice(before))
      expect(await doneOnce(keys)).toEqual(keys)
      // A claim whose reply was lost is told again; else its run would wait for its lease to end.
      for (const key of keys) expect((await used.runs.of(key))[0]).toMatchObject({ lane: 'live', fence: 1 })
    }
    expect(wire.lost - lostBefore).toBeGreaterThanOrEqual(15)
    await told()
  })

  it('may be cut again and again while a run is in progress', async () => {
    const [worker = 0] = runtime.workerPids()
    const filesBefore = openFiles(worker)
    const keys = keysOf('cut', 30)
    await used.runs.put('slow/under-cuts.txt', 'x')
    await used.runs.reached('slow/under-cuts.txt', 'running')
    const cutting = setInterval(() => wire.cut(), 300)
    try {
      await upload(keys)
      expect(await doneOnce(keys)).toEqual(keys)
    } finally {
      clearInterval(cutting)
    }
    expect(await used.runs.reached('slow/under-cuts.txt', 'succeeded', 60_000)).toMatchObject({
      attempts: 0,
      crashes: 0,
    })
    await used.runs.assertWhole('slow', 'slow/under-cuts.txt')
    await waitFor(async () => openFiles(worker) <= filesBefore + 2, {
      timeoutMs: 30_000,
      what: `the worker to have no more than ${filesBefore + 2} files open`,
    })
  })

  it('may be slow and narrow: all is done, and nothing of it counted as failed', async () => {
    const keys = keysOf('narrow', 10)
    wire.delay(100)
    wire.throttle(50_000)
    try {
      await used.runs.put('slow/narrow.txt', 'x')
      await upload(keys)
      expect(await doneOnce(keys)).toEqual(keys)
      const slow = await used.runs.reached('slow/narrow.txt', 'succeeded', 60_000)
      // A lease of 3 s may run out on such a way; who loses it hands its attempt back.
      expect(slow).toMatchObject({ attempts: 0, crashes: 0 })
    } finally {
      wire.delay(0)
      wire.throttle(Infinity)
    }
  })

  it('may forget connections without a word: the runtime notices, connects again, and loses nothing', async () => {
    const told = await watchFault(used.stack, 'connection to redis lost')
    await used.runs.put('slow/forgotten.txt', 'x')
    await used.runs.reached('slow/forgotten.txt', 'running')
    wire.forget()
    const keys = keysOf('forgotten', 5)
    await upload(keys)
    expect(await doneOnce(keys)).toEqual(keys)
    const slow = await used.runs.reached('slow/forgotten.txt', 'succeeded', 60_000)
    expect(slow).toMatchObject({ attempts: 0, crashes: 0 })
    await used.runs.assertThere('slow', 'slow/forgotten.txt')
    expect(await manifestVersions(used.stack.storage, 'slow', 'slow/forgotten.txt')).toHaveLength(1)
    await told()
  })
})
