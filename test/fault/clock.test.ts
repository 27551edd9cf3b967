/** Clocks that are wrong by minutes, and that jump: Redis's clock rules runs, and the store's clock rules what is signed. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MINUTE_MS } from '../../runtime/time.ts'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { useStack } from '../helpers/runs.ts'
import { watchFault } from './faults.ts'

const used = useStack({})
const preload = pathToFileURL(join(import.meta.dirname, '..', 'helpers', 'clock-skew.mjs')).href
let runtime: OtherRuntime | undefined

beforeAll(() => used.stack.runtime.stop())

afterEach(async () => {
  await runtime?.stop()
  runtime = undefined
})

async function startSkewed(skewMs: number): Promise<OtherRuntime> {
  runtime = otherRuntime(used.stack, {
    NODE_OPTIONS: `--import=${preload}`,
    TEST_CLOCK_SKEW_MS: String(skewMs),
  })
  await runtime.start()
  return runtime
}

/** Their runs ended as if all clocks were right: by the first attempt, and the flaky one by its third. */
async function ended(name: string): Promise<unknown> {
  const [echo, slow] = await Promise.all([
    used.runs.reached(`echo/${name}.txt`, 'succeeded', 60_000),
    used.runs.reached(`slow/${name}.txt`, 'succeeded', 60_000),
  ])
  const flaky = await used.runs.reached(`flaky/${name}.txt`, 'succeeded', 60_000)
  for (const kind of ['echo', 'slow', 'flaky']) {
    const key = `${kind}/${name}.txt`
    await used.runs.assertWhole(kind, key)
    expect(await manifestVersions(used.stack.storage, kind, key)).toHaveLength(1)
    expect(await used.runs.of(key)).toHaveLength(1)
  }
  return [echo, slow, flaky].map(({ attempts, crashes, fence }) => ({ attempts, crashes, fence }))
}

const AS_EVER = [
  { attempts: 0, crashes: 0, fence: 1 },
  { attempts: 0, crashes: 0, fence: 1 },
  { attempts: 2, crashes: 0, fence: 3 },
]

async function upload(name: string): Promise<void> {
  for (const kind of ['echo', 'slow', 'flaky']) await used.runs.put(`${kind}/${name}.txt`, name)
}

describe('a runtime whose clock is wrong', () => {
  it.each([-20, 20])('by %i minutes does all that one with the right time does', async (minutes) => {
    await startSkewed(minutes * MINUTE_MS)
    const name = `skewed-${minutes}`
    await upload(name)
    expect(await ended(name)).toEqual(AS_EVER)
    // The run's times are Redis's.
    const [run] = await used.runs.of(`slow/${name}.txt`)
    expect(Math.abs((run?.endedAtMs ?? 0) - Date.now())).toBeLessThan(MINUTE_MS)
    // What it signed at first was refused, which taught it the store's time and counted nothing. (MinIO grants 15 minutes.)
    if (Math.abs(minutes) > 15) await (await watchFault(used.stack, 'clock wrong by 20 minutes'))()
  })

  it.each([10])('and jumps by twice %i minutes in mid-run keeps running', async (minutes) => {
    const skewed = await startSkewed(minutes * MINUTE_MS)
    const name = `jumped-${minutes}`
    await upload(name)
    await used.runs.reached(`slow/${name}.txt`, 'running')
    for (const pid of [skewed.pid ?? 0, ...skewed.childPids()]) process.kill(pid, 'SIGUSR2')
    const [echo, slow, flaky] = (await ended(name)) as typeof AS_EVER
    // What was signed before the jump and sent after it may have been refused, which counts nothing.
    expect([echo, slow, flaky].map((run) => run?.attempts)).toEqual([0, 0, 2])
    expect([echo, slow, flaky].map((run) => run?.crashes)).toEqual([0, 0, 0])
  })
})
