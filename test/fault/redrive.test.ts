/** Retries keep their counts, their times and their order, also while a function is paused; what is given up is run again once. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Job } from '../../runtime/api/jobs/model.ts'
import { createHistory } from '../../runtime/queue/history.ts'
import { createKeys } from '../../runtime/queue/keys.ts'
import type { RunRecord } from '../../runtime/queue/run.ts'
import { createApiClient } from '../helpers/api.ts'
import { everyWorkerHeard } from '../helpers/every-worker-heard.ts'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { isThorough } from '../helpers/thorough.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluice-redrive-'))
const callsFile = join(dir, 'calls')
const used = useStack({
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'redrive-functions.ts'),
  CALLS_FILE: callsFile,
})
const { ask, ended } = createApiClient(() => used.stack)
const keys = createKeys('sluice')
const dice = random('redrive')
let redis: Redis

beforeAll(() => {
  redis = new Redis(used.stack.redisUrl)
})
afterAll(async () => {
  redis?.disconnect()
  await rm(dir, { recursive: true, force: true })
})

/** From now on everything goes well, or again nothing. */
async function mended(isMended: boolean): Promise<void> {
  await (isMended ? writeFile(`${callsFile}.mended`, '') : rm(`${callsFile}.mended`, { force: true }))
}

/** The keys of all calls of handlers, in their order. */
async function calls(prefix: string): Promise<string[]> {
  const lines = (await readFile(callsFile, 'utf8').catch(() => '')).split('\n')
  return lines.flatMap((line) => (line.startsWith(prefix) ? [line.slice(0, line.indexOf(' '))] : []))
}

async function reachedAll(all: readonly string[], state: RunRecord['state']): Promise<RunRecord[]> {
  const runs: RunRecord[] = []
  for (const key of all) runs.push(await used.runs.reached(key, state))
  return runs
}

const triesOf = (runId: string) => createHistory(redis, keys).tries(runId)

describe('retries', () => {
  it('end after as many attempts as the function allows, each of them called once', async () => {
    const all = Array.from({ length: 5 }, (_, index) => `busy/failing-${index}.txt`)
    for (const key of all) await used.runs.put(key, '500')
    for (const run of await reachedAll(all, 'dead')) {
      expect(run).toMatchObject({ attempts: 4, fence: 4, reason: 'exhausted' })
      expect((await triesOf(run.runId)).map(({ outcome }) => outcome)).toEqual([
        'failed',
        'failed',
        'failed',
        'dead',
      ])
    }
    expect((await calls('busy/failing-')).toSorted()).toEqual(all.flatMap((key) => [key, key, key, key]))
  })

  it('wait as long as Retry-After says, and begin in the order in which they are due', async () => {
    const seconds = dice.shuffled([1, 2, 3, 4])
    const all = seconds.map((each) => `busy/later-${each}.txt`)
    for (const [at, key] of all.entries()) await used.runs.put(key, `503 ${seconds[at]} once`)
    const runs = await reachedAll(all, 'succeeded')
    const starts: { dueAtMs: number; startedAtMs: number }[] = []
    for (const { runId, payload, attempts, fence, startedAtMs = 0 } of runs) {
      expect({ attempts, fence }).toEqual({ attempts: 1, fence: 2 })
      const [first] = await triesOf(runId)
      const dueAtMs = (first?.endedAtMs ?? NaN) + Number(/later-(\d)/.exec(payload.key)?.[1]) * 1_000
      expect(startedAtMs).toBeGreaterThanOrEqual(dueAtMs)
      starts.push({ dueAtMs, startedAtMs })
    }
    const begun = starts.toSorted((a, b) => a.dueAtMs - b.dueAtMs).map(({ startedAtMs }) => startedAtMs)
    expect(begun).toEqual(begun.toSorted((a, b) => a - b))
  })

  it('that become due while their function is paused wait for the end of the pause, uncounted', async () => {
    const all = Array.from({ length: 3 }, (_, index) => `busy/paused-${index}.txt`)
    for (const key of all) await used.runs.put(key, '503 3600 once')
    const runs = await reachedAll(all, 'retrying')
    expect((await ask('POST', '/functions/busy/pause')).status).toBe(200)
    await everyWorkerHeard(redis, 'busy')
    for (const { runId } of runs) await redis.zadd(keys.delay, 'XX', 1, runId)
    for (const run of await reachedAll(all, 'queued')) expect(run).toMatchObject({ attempts: 1, fence: 1 })
    // A worker looks for work each second, and says each second that it is there.
    await everyWorkerHeard(redis, 'busy')
    expect(await calls('busy/paused-')).toHaveLength(all.length)
    for (const run of await reachedAll(all, 'queued')) expect(run).toMatchObject({ attempts: 1, fence: 1 })
    expect((await ask('POST', '/functions/busy/resume')).status).toBe(200)
    for (const run of await reachedAll(all, 'succeeded')) expect(run).toMatchObject({ attempts: 1, fence: 2 })
  })
})

const MANY = isThorough ? 1_000 : 100

it(`${MANY} dead letters are run again once each, though two ask for it at the same time`, async () => {
  const told = await watchFault(used.stack, 'handler gives up')
  const all = Array.from({ length: MANY }, (_, index) => `mend/${index}.txt`)
  for (let from = 0; from < all.length; from += 50)
    await Promise.all(all.slice(from, from + 50).map((key) => used.runs.put(key, 'x')))
  const letters = () => redis.xlen(keys.dead('mend'))
  await waitFor(async () => (await letters()) === all.length, {
    timeoutMs: 90_000,
    what: 'all to be given up',
  })
  await told()
  expect((await calls('mend/')).toSorted()).toEqual(all.toSorted())
  await mended(true)
  const request = { function: 'mend', limit: all.length }
  const jobs = await Promise.all([
    ask<Job>('POST', '/dead-letters/redrive', request),
    ask<Job>('POST', '/dead-letters/redrive', request),
  ])
  for (const { status } of jobs) expect(status).toBe(202)
  const done = await Promise.all(jobs.map(({ body }) => ended(body.id)))
  expect(done.reduce((sum, { handedOut }) => sum + handedOut, 0)).toBe(all.length)

  const { runs, runIds } = await waitFor(
    async () => {
      const known = await redis.zrangebyscore(keys.runs, '-inf', '+inf')
      const found = (await createHistory(redis, keys).runs(known)).filter(
        (run) => run?.functionName === 'mend',
      )
      return found.every((run) => run?.state === 'succeeded') && { runs: found, runIds: known }
    },
    { timeoutMs: 90_000, what: 'all of them to succeed', intervalMs: 500 },
  )
  expect(new Set(runIds).size).toBe(runIds.length)
  expect(runs).toHaveLength(all.length)
  expect((await calls('mend/')).toSorted()).toEqual(all.flatMap((key) => [key, key]).toSorted())
  expect(await letters()).toBe(0)
  for (const key of dice.shuffled(all).slice(0, 50)) {
    expect(await manifestVersions(used.stack.storage, 'mend', key)).toHaveLength(1)
    expect(await used.runs.verdict('mend', key)).toBeUndefined()
  }
})
