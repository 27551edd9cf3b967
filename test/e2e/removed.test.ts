/** Results that somebody removes with any client: MinIO announces it, and nothing brings them back but a request. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Job } from '../../runtime/api/jobs/model.ts'
import type { ObjectView } from '../../runtime/api/objects/model.ts'
import type { Sweep, SweepPass } from '../../runtime/api/sweep/model.ts'
import { createApiClient } from '../helpers/api.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({ SLUICE_SWEEP_GRACE: '0s', SLUICE_SWEEP_EVERY: '1d' })
let redis: Redis
beforeAll(() => {
  redis = new Redis(used.stack.redisUrl)
})
afterAll(() => redis?.disconnect())
const { ask, ended } = createApiClient(() => used.stack)
const timeoutMs = 60_000

/** A full sweep of a runtime that remembers no run. */
async function sweptWithoutMemory(): Promise<SweepPass> {
  await redis.flushall()
  const asked = await ask<SweepPass>('POST', '/sweep', {})
  return waitFor(
    async () => {
      const { passes } = (await ask<Sweep>('GET', '/sweep')).body
      return passes.find(({ id, status }) => id === asked.body.id && status === 'done')
    },
    { timeoutMs, what: 'the sweep to end' },
  )
}

it.each([
  { how: 'all their versions', words: ['--versions'] },
  { how: 'a delete marker each', words: [] },
])('stay removed when they went with $how, until somebody asks for them', async ({ how, words }) => {
  const key = `echo/${how}`
  await used.runs.put(key, 'x')
  await used.runs.put(`${key}, kept`, 'x')
  await used.runs.reached(`${key}, kept`, 'succeeded')
  const { runId } = await used.runs.reached(key, 'succeeded')
  await used.runs.heardTwice([key, `${key}, kept`])
  await used.stack.mc.run('rm', '-r', '--force', ...words, `root/processed/${key}/`)
  const verdict = await waitFor(() => used.runs.verdict('echo', key), { timeoutMs, what: 'the verdict' })
  expect(verdict).toMatchObject({ state: 'removed', run: runId })

  const pass = await sweptWithoutMemory()
  expect(pass).toMatchObject({ healed: {}, left: expect.arrayContaining([expect.objectContaining({ key })]) })
  expect(await used.runs.of(key)).toEqual([])
  const view = await ask<ObjectView>('GET', `/objects/incoming/${encodeURIComponent(key)}`)
  expect(view.body.functions.find(({ name }) => name === 'echo')).toMatchObject({ reason: 'removed' })
  expect(view.body.summary).toMatch(/its result has been removed.* sluice reprocess 'incoming\/echo/)

  const job = await ask<Job>('POST', '/reprocess', { prefix: key, status: 'missing' })
  expect(job.body.total).toBe(1)
  await ended(job.body.id)
  await used.runs.reached(key, 'succeeded')
  await used.runs.assertThere('echo', key)
  expect(await used.runs.verdict('echo', key)).toBeUndefined()
})

it('do not block a new upload', async () => {
  const key = 'echo/new'
  await used.runs.put(key, 'one')
  await used.runs.reached(key, 'succeeded')
  await used.stack.mc.run('rm', '-r', '--force', '--versions', `root/processed/${key}/`)
  await waitFor(() => used.runs.verdict('echo', key), { timeoutMs, what: 'the verdict' })
  await used.runs.put(key, 'two')
  await waitFor(() => used.runs.manifest('echo', key), { timeoutMs, what: 'the result of the new upload' })
  await waitFor(async () => (await used.runs.verdict('echo', key)) === undefined, {
    timeoutMs,
    what: 'the verdict of the old upload to go',
  })
  expect(await used.runs.assertThere('echo', key)).toHaveLength(1)
})
