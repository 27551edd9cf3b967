/** Workers that die, stop or oversleep: one result, whole, whatever happens to them. */
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
    SLUICE_DRAIN: '1s',
    SLUICE_WORKERS: '2',
  }
  stack = await startTestStack({ env })
  runs = createRuns(stack)
})
afterAll(async () => {
  runs.close()
  await stack.stop()
})

/** The process that has the run, and is in the middle of it: a file of its attempt is there. */
async function workerOf(key: string): Promise<number> {
  const run = await runs.reached(key, 'running')
  await waitFor(
    async () => {
      for await (const object of stack.storage.list('processed', { prefix: `${key}/slow/~` })) return object
      return undefined
    },
    { timeoutMs: 10_000, what: 'the first file' },
  )
  return Number(run.worker?.split(':')[1])
}

it('SIGKILL in mid-run: another worker finishes, and the manifest names only files that exist', async () => {
  await runs.put('slow/killed.txt', 'x')
  const pid = await workerOf('slow/killed.txt')
  process.kill(pid, 'SIGKILL')
  const ended = await runs.reached('slow/killed.txt', 'succeeded', 60_000)
  expect(ended).toMatchObject({ fence: 2, attempts: 0, crashes: 0 })
  expect(ended.worker).not.toContain(`:${pid}:`)
  const manifest = await runs.manifest('slow', 'slow/killed.txt')
  expect(manifest?.files).toHaveLength(5)
  for (const file of manifest?.files ?? []) {
    expect(await stack.storage.head('processed', file.key)).toMatchObject({ sizeBytes: file.bytes })
  }
  await waitFor(async () => (await stack.childPids('work')).length === 2, {
    timeoutMs: 15_000,
    what: 'a new worker',
  })
})

it('a worker that was asleep for longer than its lease cannot change the result', async () => {
  await runs.put('slow/slept.txt', 'x')
  const pid = await workerOf('slow/slept.txt')
  process.kill(pid, 'SIGSTOP')
  try {
    await runs.reached('slow/slept.txt', 'succeeded', 60_000)
    const before = await stack.storage.readText('processed', 'slow/slept.txt/slow/manifest.json')
    process.kill(pid, 'SIGCONT')
    await waitFor(
      async () => {
        const metrics = await (await fetch(`${stack.apiUrl}/metrics`)).text()
        return /sluice_function_invocations_total\{function="slow",trigger="upload",status="(lost|released)"\} [1-9]/.test(
          metrics,
        )
      },
      { timeoutMs: 20_000, what: 'the sleeper to give up' },
    )
    expect(await stack.storage.readText('processed', 'slow/slept.txt/slow/manifest.json')).toEqual(before)
    await runs.assertWhole('slow', 'slow/slept.txt')
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

describe('SIGTERM', () => {
  it('hands back what does not end in time, uncounted; the next start finishes it', async () => {
    await stack.mc.run('mb', '--ignore-existing', 'root/temporary')
    await stack.storage.put('temporary', 'x', { bytes: Buffer.from('x') }, { contentType: 'text/plain' })
    await stack.mc.run('cp', 'root/temporary/x', join(stack.dir, 'x'))
    await stack.mc.run(
      'cp',
      '--attr',
      'files=3;pausems=2000',
      join(stack.dir, 'x'),
      'sluice/incoming/slow/drained.txt',
    )
    await workerOf('slow/drained.txt')
    await stack.runtime.stop()
    expect((await runs.of('slow/drained.txt')).at(-1)).toMatchObject({
      state: 'queued',
      attempts: 0,
      crashes: 0,
      lane: 'live',
    })
    await stack.runtime.start()
    expect(await runs.reached('slow/drained.txt', 'succeeded', 60_000)).toMatchObject({
      attempts: 0,
      crashes: 0,
    })
    await runs.assertWhole('slow', 'slow/drained.txt')
  })
})

describe('a key that changes while it is worked on', () => {
  it('ends with the newest upload’s result; the older run is recorded as superseded', async () => {
    await runs.put('slow/twice.txt', 'old')
    await runs.reached('slow/twice.txt', 'running')
    await runs.put('slow/twice.txt', 'new')
    const all = await waitFor(
      async () => {
        const found = await runs.of('slow/twice.txt')
        return (
          found.length === 2 &&
          found.every(({ state }) => ['succeeded', 'superseded'].includes(state)) &&
          found
        )
      },
      { timeoutMs: 60_000, what: 'both runs to end' },
    )
    const newest = all.at(-1)
    expect(newest?.state).toBe('succeeded')
    expect((await runs.manifest('slow', 'slow/twice.txt'))?.run).toBe(newest?.runId)
    await runs.assertWhole('slow', 'slow/twice.txt').catch((error: Error) => {
      // The older result may have been committed first: its folder then is the janitor's.
      if (!/not what the manifest names|exist$/.test(error.message)) throw error
    })
  })

  it('that is removed before its run starts ends as source-gone, with a verdict', async () => {
    await stack.runtime.stop()
    await runs.put('echo/removed.txt', 'x')
    await stack.storage.remove('incoming', 'echo/removed.txt')
    await stack.runtime.start()
    expect(await runs.reached('echo/removed.txt', 'source-gone')).toMatchObject({ attempts: 0 })
    const verdict = await waitFor(() => runs.verdict('echo', 'echo/removed.txt'), {
      timeoutMs: 10_000,
      what: 'the verdict',
    })
    expect(verdict.state).toBe('source-gone')
  })
})
