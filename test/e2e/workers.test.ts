/** Workers that die, stop or oversleep: one result, whole, whatever happens to them. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { watchFault } from '../fault/faults.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useStack({ SLUICE_DRAIN: '1s', SLUICE_WORKERS: '2' })

/** The process that has the run, and is in the middle of it: a file of its attempt is there. */
async function workerOf(key: string): Promise<number> {
  const run = await used.runs.reached(key, 'running')
  await waitFor(
    async () => {
      for await (const object of used.stack.storage.list('processed', { prefix: `${key}/slow/~` }))
        return object
      return undefined
    },
    { timeoutMs: 10_000, what: 'the first file' },
  )
  return Number(run.worker?.split(':')[1])
}

it('SIGKILL in mid-run: another worker finishes, and the manifest names only files that exist', async () => {
  const told = await watchFault(used.stack, 'worker killed')
  await used.runs.put('slow/killed.txt', 'x')
  const pid = await workerOf('slow/killed.txt')
  process.kill(pid, 'SIGKILL')
  const ended = await used.runs.reached('slow/killed.txt', 'succeeded', 60_000)
  expect(ended).toMatchObject({ fence: 2, attempts: 0, crashes: 0 })
  expect(ended.worker).not.toContain(`:${pid}:`)
  expect(await used.runs.assertThere('slow', 'slow/killed.txt')).toHaveLength(5)
  await told()
  await waitFor(async () => (await used.stack.childPids('work')).length === 2, {
    timeoutMs: 15_000,
    what: 'a new worker',
  })
})

it('a worker that was asleep for longer than its lease cannot change the result', async () => {
  await used.runs.put('slow/slept.txt', 'x')
  const pid = await workerOf('slow/slept.txt')
  process.kill(pid, 'SIGSTOP')
  try {
    await used.runs.reached('slow/slept.txt', 'succeeded', 60_000)
    const before = await used.stack.storage.readText('processed', 'slow/slept.txt/slow/manifest.json')
    process.kill(pid, 'SIGCONT')
    await waitFor(
      async () => {
        const metrics = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
        return /sluice_function_invocations_total\{function="slow",status="(lost|released)"\} [1-9]/.test(
          metrics,
        )
      },
      { timeoutMs: 20_000, what: 'the sleeper to give up' },
    )
    expect(await used.stack.storage.readText('processed', 'slow/slept.txt/slow/manifest.json')).toEqual(
      before,
    )
    await used.runs.assertThere('slow', 'slow/slept.txt')
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})

describe('SIGTERM', () => {
  it('hands back what does not end in time, uncounted; the next start finishes it', async () => {
    await used.stack.mc.run('mb', '--ignore-existing', 'root/temporary')
    await used.stack.storage.put('temporary', 'x', { bytes: Buffer.from('x') }, { contentType: 'text/plain' })
    await used.stack.mc.run('cp', 'root/temporary/x', join(used.stack.dir, 'x'))
    await used.stack.mc.run(
      'cp',
      '--attr',
      'files=3;pausems=2000',
      join(used.stack.dir, 'x'),
      'sluice/incoming/slow/drained.txt',
    )
    await workerOf('slow/drained.txt')
    await used.stack.runtime.stop()
    expect((await used.runs.of('slow/drained.txt')).at(-1)).toMatchObject({
      state: 'queued',
      attempts: 0,
      crashes: 0,
      lane: 'live',
    })
    await used.stack.runtime.start()
    expect(await used.runs.reached('slow/drained.txt', 'succeeded', 60_000)).toMatchObject({
      attempts: 0,
      crashes: 0,
    })
    await used.runs.assertWhole('slow', 'slow/drained.txt')
  })
})

describe('a key that changes while it is worked on', () => {
  it('ends with the newest upload’s result; the older run is recorded as superseded', async () => {
    await used.runs.put('slow/twice.txt', 'old')
    await used.runs.reached('slow/twice.txt', 'running')
    await used.runs.put('slow/twice.txt', 'new')
    const all = await waitFor(
      async () => {
        const found = await used.runs.of('slow/twice.txt')
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
    expect((await used.runs.manifest('slow', 'slow/twice.txt'))?.run).toBe(newest?.runId)
    // The older result may have been committed first: its folder then is the janitor's.
    await used.runs.assertThere('slow', 'slow/twice.txt')
  })

  it('that is removed before its run starts ends as source-gone, with a verdict', async () => {
    await used.stack.runtime.stop()
    await used.runs.put('echo/removed.txt', 'x')
    await used.stack.storage.remove('incoming', 'echo/removed.txt')
    await used.stack.runtime.start()
    expect(await used.runs.reached('echo/removed.txt', 'source-gone')).toMatchObject({ attempts: 0 })
    const verdict = await waitFor(() => used.runs.verdict('echo', 'echo/removed.txt'), {
      timeoutMs: 10_000,
      what: 'the verdict',
    })
    expect(verdict.state).toBe('source-gone')
  })
})
