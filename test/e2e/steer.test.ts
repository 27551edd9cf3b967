/** An operator steers runs and functions over HTTP, and every process follows. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FunctionView } from '../../runtime/api/functions/model.ts'
import type { RunDetail } from '../../runtime/api/runs/model.ts'
import { createApiClient } from '../helpers/api.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({ SLUICE_WORKERS: '2' })
let redis: Redis | undefined
beforeAll(async () => {
  redis = new Redis(used.stack.redisUrl)
  // Workers start one after the other.
  await soon(
    'both workers',
    async () => (await ask<FunctionView>('GET', '/functions/echo')).body.workers === 2,
  )
})
afterAll(() => redis?.disconnect())

const { ask } = createApiClient(() => used.stack)
const soon = <T>(what: string, check: () => Promise<T | undefined | false>, timeoutMs = 20_000) =>
  waitFor(check, { timeoutMs, what })
const runOf = async (key: string) => (await used.runs.of(key)).at(-1)!

describe('a paused function', () => {
  it('starts nothing from the next second on, keeps new uploads, and runs them when it is resumed', async () => {
    await used.runs.put('echo/before', 'x')
    await used.runs.reached('echo/before', 'succeeded')
    const paused = await ask<FunctionView>('POST', '/functions/echo/pause')
    expect(paused).toMatchObject({ status: 200, body: { isPaused: true, workers: 2 } })
    // The word is given within a second; what is put after it must not start.
    await soon(
      'every worker to know',
      async () => {
        const text = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
        // The sum of what they would run; of `paused` it is the maximum, for which one is enough.
        return /sluice_function_concurrency_limit\{function="echo"\} 0$/m.test(text)
      },
      2_000,
    )
    await used.runs.put('echo/meanwhile', 'x')
    await used.runs.reached('echo/meanwhile', 'queued')
    await used.runs.put('flaky/other', 'x')
    await used.runs.reached('flaky/other', 'succeeded')
    expect((await runOf('echo/meanwhile')).state).toBe('queued')
    await ask('POST', '/functions/echo/resume')
    await used.runs.reached('echo/meanwhile', 'succeeded', 2_000)
  })

  it('stays paused when Redis loses everything', async () => {
    await ask('POST', '/functions/echo/pause')
    await redis?.flushall()
    await used.runs.put('echo/lost', 'x')
    await used.runs.reached('echo/lost', 'queued')
    await used.runs.put('flaky/lost', 'x')
    await used.runs.reached('flaky/lost', 'succeeded')
    expect((await runOf('echo/lost')).state).toBe('queued')
    expect((await ask<FunctionView>('GET', '/functions/echo')).body.isPaused).toBe(true)
    await ask('POST', '/functions/echo/resume')
    await used.runs.reached('echo/lost', 'succeeded', 5_000)
  })

  it('may be given another concurrency, which every worker follows', async () => {
    expect(await ask('PATCH', '/functions/slow', { concurrency: 1 })).toMatchObject({
      status: 200,
      body: { concurrency: 1, definedConcurrency: 2 },
    })
    await soon(
      'the limit to be known',
      async () => {
        const text = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
        return /sluice_function_concurrency_limit\{function="slow"\} 2$/m.test(text)
      },
      2_000,
    )
    for (const name of ['1', '2', '3', '4']) await used.runs.put(`slow/limit-${name}`, 'x')
    let most = 0
    await soon('all of them', async () => {
      const runs = await Promise.all(['1', '2', '3', '4'].map((name) => runOf(`slow/limit-${name}`)))
      most = Math.max(most, runs.filter((run) => run?.state === 'running').length)
      return runs.every((run) => run?.state === 'succeeded')
    })
    expect(most).toBe(2)
    expect(
      (await ask<FunctionView>('PATCH', '/functions/slow', { concurrency: null })).body.concurrency,
    ).toBe(2)
  })
})

describe('one run', () => {
  it('shows its attempts, each with its error, and is run again on request', async () => {
    await used.runs.put('answer/503', '503')
    const { runId } = await used.runs.reached('answer/503', 'dead')
    const { body } = await ask<RunDetail>('GET', `/runs/${runId}`)
    expect(body).toMatchObject({ status: 'dead', reason: 'exhausted', attempts: 3 })
    expect(body.attemptLog.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'dead'])
    expect(body.attemptLog[0]?.error).toMatch(/answered 503/)

    const again = await ask<RunDetail>('POST', `/runs/${runId}/retry`)
    expect(again).toMatchObject({ status: 202, body: { trigger: 'redrive' } })
    await used.runs.reached('answer/503', 'dead')
    expect((await ask<RunDetail>('GET', `/runs/${runId}`)).body.attemptLog).toHaveLength(6)
  })

  it('is not run again when a newer upload is the latest, or the source is gone', async () => {
    await used.runs.put('echo/old', 'one')
    const { runId } = await used.runs.reached('echo/old', 'succeeded')
    await used.runs.put('echo/old', 'two')
    await soon(
      'the second run',
      async () => (await used.runs.of('echo/old')).filter(({ state }) => state === 'succeeded').length === 2,
    )
    expect(await ask('POST', `/runs/${runId}/retry`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('newer upload') },
    })
    await used.stack.storage.remove('incoming', 'echo/old')
    expect(await ask('POST', `/runs/${runId}/retry`)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('removed') },
    })
  })

  it('restarts in the middle when forced; the first attempt then changes nothing', async () => {
    await used.stack.mc.run(
      'cp',
      '--attr',
      'files=40;pausems=100',
      import.meta.filename,
      'sluice/incoming/slow/forced',
    )
    const { runId } = await used.runs.reached('slow/forced', 'running')
    expect((await ask('POST', `/runs/${runId}/retry`)).status).toBe(409)
    expect((await ask('POST', `/runs/${runId}/retry`, { force: true })).status).toBe(202)
    await used.runs.reached('slow/forced', 'succeeded')
    const manifest = await used.runs.manifest('slow', 'slow/forced')
    expect(manifest?.epoch).toBeGreaterThan(0)
    await used.runs.assertWhole('slow', 'slow/forced')
  })

  it('ends within a second when it is cancelled', async () => {
    await used.stack.mc.run(
      'cp',
      '--attr',
      'files=100;pausems=200',
      import.meta.filename,
      'sluice/incoming/slow/cancelled',
    )
    const { runId } = await used.runs.reached('slow/cancelled', 'running')
    expect((await ask('POST', `/runs/${runId}/cancel`)).status).toBe(202)
    await used.runs.reached('slow/cancelled', 'cancelled', 2_000)
  })
})
