/** Servers that are away: nothing that was acknowledged is lost, and the runtime says that it cannot work. */
import { describe, expect, it } from 'vitest'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({ SLUICE_DRAIN: '5s' })

async function readiness(): Promise<{ status: number; failed: string[] }> {
  const response = await fetch(`${used.stack.apiUrl}/readyz`)
  const { checks } = (await response.json()) as { checks: { name: string; ok: boolean }[] }
  return { status: response.status, failed: checks.filter(({ ok }) => !ok).map(({ name }) => name) }
}
const untilReady = () =>
  waitFor(async () => (await readiness()).status === 200, { timeoutMs: 60_000, what: '/readyz to be 200' })

describe('Redis away', () => {
  it('keeps uploads until it returns, also when MinIO restarts in between', async () => {
    await used.stack.redis.stop()
    await used.runs.put('echo/while-away.txt', 'x')
    expect(await readiness()).toMatchObject({ status: 503, failed: expect.arrayContaining(['redis']) })
    expect((await fetch(`${used.stack.apiUrl}/healthz`)).status).toBe(200)

    await used.stack.minio.stop()
    await used.stack.minio.start()
    await used.stack.redis.start()
    await used.runs.reached('echo/while-away.txt', 'succeeded', 60_000)
    await untilReady()
  })

  it('hands an attempt back uncounted whose lease could not be renewed', async () => {
    await used.stack.storage.put(
      'incoming',
      'slow/long.txt',
      { bytes: Buffer.from('x') },
      { contentType: 'text/plain' },
    )
    const running = await used.runs.reached('slow/long.txt', 'running')
    used.stack.redis.kill('SIGSTOP')
    // Longer than a lease: the worker fences itself before anybody could take the run.
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    used.stack.redis.kill('SIGCONT')
    const ended = await used.runs.reached('slow/long.txt', 'succeeded', 60_000)
    expect(ended).toMatchObject({ runId: running.runId, attempts: 0, crashes: 0 })
    expect(ended.lane).toBe('live')
    await used.runs.assertWhole('slow', 'slow/long.txt')
  })

  it('recovers when it comes back empty: groups are created again and uploads continue', async () => {
    const { Redis } = await import('ioredis')
    const redis = new Redis(used.stack.redisUrl)
    await redis.flushall()
    redis.disconnect()
    await used.runs.put('echo/after-flush.txt', 'x')
    expect(await used.runs.reached('echo/after-flush.txt', 'succeeded', 30_000)).toMatchObject({
      attempts: 0,
    })
    await untilReady()
  })
})

describe('MinIO away', () => {
  it('is reported by /readyz, and work continues when it is back', async () => {
    await used.runs.put('slow/interrupted.txt', 'x')
    await used.runs.reached('slow/interrupted.txt', 'running')
    used.stack.minio.kill('SIGKILL')
    await waitFor(async () => (await readiness()).failed.includes('minio'), {
      timeoutMs: 15_000,
      what: '/readyz to name MinIO',
    })
    // Nothing is counted: an outage of the store is no fault of the file.
    const waiting = await used.runs.reached('slow/interrupted.txt', 'retrying', 90_000)
    expect(waiting).toMatchObject({ attempts: 0, reason: expect.stringContaining('the store is away') })
    await used.stack.minio.start()
    await untilReady()
    expect(await used.runs.reached('slow/interrupted.txt', 'succeeded', 60_000)).toMatchObject({
      attempts: 0,
    })
    expect(await used.runs.assertThere('slow', 'slow/interrupted.txt')).toHaveLength(5)
  })
})

describe('a runtime that starts before its servers', () => {
  it('says that it is not ready, connects when they come, and finds what waited', async () => {
    await used.stack.runtime.stop()
    await used.runs.put('echo/waited.txt', 'x')
    await used.stack.redis.stop()
    await used.stack.minio.stop()
    const started = used.stack.runtime.start()
    await waitFor(async () => (await readiness()).status === 503, {
      timeoutMs: 30_000,
      what: '/readyz to be 503',
    })
    expect((await readiness()).failed.toSorted()).toEqual(['groups', 'minio', 'redis'])
    await used.stack.minio.start()
    await used.stack.redis.start()
    await started
    await used.runs.reached('echo/waited.txt', 'succeeded', 60_000)
  })
})
