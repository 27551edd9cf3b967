/** Workers that are lost or stand still, and none at all: nobody else waits for it, and what is to blame is named. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { FunctionView } from '../../runtime/api/functions/model.ts'
import { createApiClient } from '../helpers/api.ts'
import { otherRuntime } from '../helpers/other-runtime.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'
import { GO_ON } from './lost-workers-functions.ts'

const env: Record<string, string> = {
  SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'lost-workers-functions.ts'),
  SLUICE_WORKERS: '1',
  SLUICE_LEASE: '5s',
}
const used = useStack(env)
const api = createApiClient(() => used.stack)
/** A machine that is ten times busier. */
const PATIENCE_MS = 600_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-lost-workers-'))
})
afterAll(() => rm(folder, { recursive: true }))

const queueOf = async (name: string) => (await api.ask<FunctionView>('GET', `/functions/${name}`)).body.queue

it(
  'ends a run that blocks the event loop for longer than the lease, names that, and counts it for nobody beside it',
  async () => {
    await used.runs.put('beside/a.txt', 'x')
    await used.runs.reached('beside/a.txt', 'running', PATIENCE_MS)
    await used.runs.put('spin/a.txt', 'x')
    const dead = await used.runs.reached('spin/a.txt', 'dead', PATIENCE_MS)
    expect(dead.error).toMatch(/event loop/)
    expect(dead.attempts + dead.crashes).toBeGreaterThanOrEqual(3)
    // Each time counts in one of the two ways, but for what it did beside others: once, or twice when nobody knew why.
    expect(dead.fence).toBeLessThanOrEqual(dead.attempts + dead.crashes + 2)
    const beside = await used.runs.reached('beside/a.txt', 'succeeded', PATIENCE_MS)
    expect(beside).toMatchObject({ attempts: 0, crashes: 0 })
  },
  PATIENCE_MS,
)

it(
  'ends a worker in which too many handlers ignore their signal, and starts another',
  async () => {
    await used.stack.runtime.stop()
    const deaf = otherRuntime(used.stack, { ...env, SLUICE_FUNCTIONS: 'deaf' })
    await deaf.start()
    try {
      const [before] = deaf.workerPids()
      // As many as it has slots, and more than ten.
      const keys = Array.from({ length: 12 }, (_, at) => `deaf/${at}.txt`)
      for (const key of keys) await used.runs.put(key, 'x')
      for (const key of keys) {
        const { error } = await used.runs.reached(key, 'dead', PATIENCE_MS)
        expect(error).toMatch(/longer than 1 s \(timeout\), and the handler did not stop/)
      }
      await waitFor(async () => deaf.workerPids().some((pid) => pid !== before), {
        timeoutMs: PATIENCE_MS,
        what: 'another worker',
      })
    } finally {
      await deaf.stop()
    }
  },
  PATIENCE_MS,
)

it(
  'begins what a lost machine ran all at once on another one, none of it alone',
  async () => {
    const other = otherRuntime(used.stack, { ...env, TEST_GO_ON_DIR: folder })
    await other.start()
    const keys = Array.from({ length: 60 }, (_, at) => `waits/${at}.txt`)
    try {
      for (const key of keys) await used.runs.put(key, 'x')
      await waitFor(async () => (await queueOf('waits')).running === keys.length, {
        timeoutMs: PATIENCE_MS,
        what: 'all of them to run',
      })
    } finally {
      const pids = other.childPids()
      other.kill('SIGKILL')
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      await other.stop()
    }
    const next = otherRuntime(used.stack, { ...env, TEST_GO_ON_DIR: folder })
    await next.start()
    try {
      const pids = () => next.workerPids().map((pid) => `:${pid}:`)
      // Nothing has ended yet: the new worker has them all beside each other.
      await waitFor(
        async () => {
          const runs = (await Promise.all(keys.map((key) => used.runs.of(key)))).flat()
          return runs.every(
            (run) => run.state === 'running' && pids().some((pid) => run.worker?.includes(pid)),
          )
        },
        { timeoutMs: PATIENCE_MS, what: 'all of them to run on the next machine', intervalMs: 1_000 },
      )
      await writeFile(join(folder, GO_ON), '')
      for (const key of keys)
        expect(await used.runs.reached(key, 'succeeded', PATIENCE_MS)).toMatchObject({
          lane: 'live',
          attempts: 0,
          crashes: 0,
          losses: 1,
        })
    } finally {
      await next.stop()
    }
  },
  PATIENCE_MS,
)

it(
  'brings a retry back when no worker is there, and says so to who would start one',
  async () => {
    const working = otherRuntime(used.stack, env)
    await working.start()
    await used.runs.put('later/a.txt', 'x')
    await used.runs.reached('later/a.txt', 'retrying', PATIENCE_MS)
    const pids = working.childPids()
    working.kill('SIGKILL')
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await working.stop()
    const without = otherRuntime(used.stack, { ...env, SLUICE_ROLES: 'api,intake' })
    await without.start()
    try {
      await used.runs.reached('later/a.txt', 'queued', PATIENCE_MS)
      expect(without.workerPids()).toEqual([])
      expect(await queueOf('later')).toMatchObject({ waiting: 1, open: 1, running: 0 })
      const metrics = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
      expect(metrics).toContain('sluice_queue_open{function="later"} 1')
    } finally {
      await without.stop()
    }
  },
  PATIENCE_MS,
)
