/** Servers that are away: nothing that was acknowledged is lost, and the runtime says that it cannot work. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuns, type Runs } from '../helpers/runs.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'

let stack: TestStack
let runs: Runs

beforeAll(async () => {
  const env = {
    SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'functions.ts'),
    SLUICE_LEASE: '3s',
    SLUICE_DRAIN: '5s',
  }
  stack = await startTestStack({ env })
  runs = createRuns(stack)
})
afterAll(async () => {
  runs.close()
  await stack.stop()
})

async function readiness(): Promise<{ status: number; failed: string[] }> {
  const response = await fetch(`${stack.apiUrl}/readyz`)
  const { checks } = (await response.json()) as { checks: { name: string; ok: boolean }[] }
  return { status: response.status, failed: checks.filter(({ ok }) => !ok).map(({ name }) => name) }
}
const untilReady = () =>
  waitFor(async () => (await readiness()).status === 200, { timeoutMs: 60_000, what: '/readyz to be 200' })

describe('Redis away', () => {
  it('keeps uploads until it returns, also when MinIO restarts in between', async () => {
    await stack.redis.stop()
    await runs.put('echo/while-away.txt', 'x')
    expect(await readiness()).toMatchObject({ status: 503, failed: expect.arrayContaining(['redis']) })
    expect((await fetch(`${stack.apiUrl}/healthz`)).status).toBe(200)

    await stack.minio.stop()
    await stack.minio.start()
    await stack.redis.start()
    await runs.reached('echo/while-away.txt', 'succeeded', 60_000)
    await untilReady()
  })

  it('hands an attempt back uncounted whose lease could not be renewed', async () => {
    await stack.storage.put(
      'incoming',
      'slow/long.txt',
      { bytes: Buffer.from('x') },
      { contentType: 'text/plain' },
    )
    const running = await runs.reached('slow/long.txt', 'running')
    stack.redis.kill('SIGSTOP')
    // Longer than a lease: the worker fences itself before anybody could take the run.
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    stack.redis.kill('SIGCONT')
    const ended = await runs.reached('slow/long.txt', 'succeeded', 60_000)
    expect(ended).toMatchObject({ runId: running.runId, attempts: 0, crashes: 0 })
    expect(ended.lane).toBe('live')
    await runs.assertWhole('slow', 'slow/long.txt')
  })

  it('heals when it comes back empty: groups are made again and uploads go on', async () => {
    const { Redis } = await import('ioredis')
    const redis = new Redis(stack.redisUrl)
    await redis.flushall()
    redis.disconnect()
    await runs.put('echo/after-flush.txt', 'x')
    expect(await runs.reached('echo/after-flush.txt', 'succeeded', 30_000)).toMatchObject({ attempts: 0 })
    await untilReady()
  })
})

describe('MinIO away', () => {
  it('is said by /readyz, and work goes on when it is back', async () => {
    await runs.put('slow/interrupted.txt', 'x')
    await runs.reached('slow/interrupted.txt', 'running')
    stack.minio.kill('SIGKILL')
    await waitFor(async () => (await readiness()).failed.includes('minio'), {
      timeoutMs: 15_000,
      what: '/readyz to name MinIO',
    })
    await stack.minio.start()
    await untilReady()
    await runs.reached('slow/interrupted.txt', 'succeeded', 60_000)
    expect(await runs.assertWhole('slow', 'slow/interrupted.txt')).toHaveLength(5)
  })
})

describe('a runtime that starts before its servers', () => {
  it('says that it is not ready, connects when they come, and finds what waited', async () => {
    await stack.runtime.stop()
    await runs.put('echo/waited.txt', 'x')
    await stack.redis.stop()
    await stack.minio.stop()
    const started = stack.runtime.start()
    await waitFor(async () => (await readiness()).status === 503, {
      timeoutMs: 30_000,
      what: '/readyz to be 503',
    })
    expect((await readiness()).failed.toSorted()).toEqual(['groups', 'minio', 'redis'])
    await stack.minio.start()
    await stack.redis.start()
    await started
    await runs.reached('echo/waited.txt', 'succeeded', 60_000)
  })
})
