/** P9: SIGTERM under load. Nothing new is started, what runs ends or is handed back uncounted, and the next start goes on. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { createKeys } from '../../runtime/queue/keys.ts'
import { createHistory } from '../../runtime/queue/history.ts'
import type { RunRecord } from '../../runtime/queue/run.ts'
import { killMains, startMain, type MainProcess } from '../helpers/main-process.ts'
import { listed } from '../helpers/listed.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

/** Of the worker, for this function. */
const SLOTS = 2

const used = useStack({ SLUICE_WORKERS: '1', SLUICE_LEASE: '2s' })
let redis: Redis
let keys: readonly string[]
let number = 0

beforeAll(async () => {
  await used.stack.runtime.stop()
  redis = new Redis(used.stack.redisUrl)
})
afterAll(() => redis.disconnect())
beforeEach(() => {
  const folder = `slow/${number++}`
  keys = [...Array(4 * SLOTS).keys()].map((n) => `${folder}/${n}.txt`)
})
afterEach(killMains)

/** A runtime whose attempts write three files each. */
function start(drain: string, pauseMs: number): MainProcess {
  const options = JSON.stringify({ slow: { files: 3, pausems: pauseMs } })
  const env: Record<string, string> = { SLUICE_DRAIN: drain, SLUICE_OPTIONS: options }
  for (const [name, value] of Object.entries(used.stack.env)) if (value !== undefined) env[name] ??= value
  return startMain(['start'], env)
}

const all = async (): Promise<readonly RunRecord[]> =>
  (await Promise.all(keys.map((key) => used.runs.of(key)))).flat()

const count = (runs: readonly RunRecord[], ...states: readonly RunRecord['state'][]) =>
  runs.filter(({ state }) => states.includes(state)).length

/** Until every slot is taken, and so many have ended. */
const busy = (ended: number) =>
  waitFor(
    async () => {
      const runs = await all()
      return count(runs, 'running') === SLOTS && count(runs, 'succeeded') >= ended && runs
    },
    { timeoutMs: 60_000, what: `${SLOTS} runs that go on and ${ended} that have ended` },
  )

const upload = () => Promise.all(keys.map((key) => used.runs.put(key, key)))

/** The next start does what is left, and everything is there once. */
async function finish(): Promise<void> {
  const next = start('10s', 0)
  for (const key of keys) await used.runs.reached(key, 'succeeded', 90_000)
  const runs = await all()
  expect(runs).toHaveLength(keys.length)
  expect(runs.every(({ attempts, crashes }) => attempts === 0 && crashes === 0)).toBe(true)
  for (const key of keys) expect(await used.runs.assertThere('slow', key)).toHaveLength(3)
  next.child.kill('SIGTERM')
  expect(await next.ended).toBe(0)
}

it('starts nothing more and finishes what runs; uploads that come meanwhile are not lost', async () => {
  const runtime = start('30s', 200)
  await upload()
  const before = await busy(1)
  runtime.child.kill('SIGTERM')
  const late = `${keys[0]}-late.txt`
  await used.runs.put(late, late)
  expect(await runtime.ended).toBe(0)
  const after = await all()
  expect(count(after, 'running', 'retrying', 'dead')).toBe(0)
  const startedOf = (runs: readonly RunRecord[]) => runs.filter(({ fence }) => fence > 0).length
  // Those that were running have ended, and a claim that was on its way when the word came.
  expect(startedOf(after)).toBeLessThanOrEqual(startedOf(before) + SLOTS)
  expect(count(after, 'succeeded')).toBe(startedOf(after))
  expect(count(after, 'queued')).toBeGreaterThanOrEqual(keys.length - startedOf(before) - SLOTS)
  expect(after.every(({ attempts, crashes }) => attempts === 0 && crashes === 0)).toBe(true)
  keys = [...keys, late]
  await finish()
  for (const key of keys) await used.runs.assertWhole('slow', key)
})

it('hands back what does not end in time, uncounted and without its files, or is ended at once by a second signal', async () => {
  const runtime = start('1s', 20_000)
  await upload()
  await busy(0)
  runtime.child.kill('SIGTERM')
  expect(await runtime.ended).toBe(0)
  expect(runtime.output()).not.toContain('it ends undrained')
  const after = await all()
  expect(count(after, 'queued')).toBe(keys.length)
  expect(
    after.every(({ attempts, crashes, lane }) => attempts === 0 && crashes === 0 && lane === 'live'),
  ).toBe(true)
  const history = createHistory(redis, createKeys('sluice'))
  const tries = (await Promise.all(after.map(({ runId }) => history.tries(runId)))).flat()
  expect(tries.map(({ outcome }) => outcome)).toEqual(Array(SLOTS).fill('released'))
  for (const key of keys) {
    const rows = await listed(used.stack.storage.list('processed', { prefix: `${key}/`, versions: true }))
    expect(rows).toEqual([])
  }

  // Asked twice it ends at once, whatever runs.
  const hasty = start('1d', 20_000)
  await busy(0)
  hasty.child.kill('SIGTERM')
  await hasty.said(/a second signal stops everything immediately/)
  hasty.child.kill('SIGTERM')
  expect(await hasty.ended).toBe(0)
  expect(count(await all(), 'running')).toBe(SLOTS)
  await finish()
})
