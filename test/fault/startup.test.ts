/** Servers that start in every order, and a Redis whose keys, groups, scripts or password are not what they should be. */
import { readFile } from 'node:fs/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../../infra/local/servers/server.ts'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { isThorough } from '../helpers/thorough.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const used = useStack({ SLUICE_SWEEP_EVERY: '2s', SLUICE_SWEEP_GRACE: '0s', SLUICE_DRAIN: '2s' })
let redis: Redis

beforeAll(() => {
  redis = new Redis(used.stack.redisUrl, { maxRetriesPerRequest: null })
  redis.on('error', () => undefined)
})
afterAll(() => redis?.disconnect())

async function doneOnce(key: string): Promise<string> {
  const run = await used.runs.reached(key, 'succeeded', 60_000)
  expect(await used.runs.of(key)).toHaveLength(1)
  expect({ key, attempts: run.attempts, crashes: run.crashes }).toEqual({ key, attempts: 0, crashes: 0 })
  const name = run.functionName
  await used.runs.assertThere(name, key)
  expect(await manifestVersions(used.stack.storage, name, key)).toHaveLength(1)
  return key
}

/** What `/readyz` finds wrong, with why. */
async function faults(): Promise<Record<string, string>> {
  const response = await fetch(`${used.stack.apiUrl}/readyz`)
  const { checks } = (await response.json()) as { checks: { name: string; ok: boolean; detail?: string }[] }
  return Object.fromEntries(checks.filter(({ ok }) => !ok).map(({ name, detail = '' }) => [name, detail]))
}
const untilReady = () =>
  waitFor(async () => Object.keys(await faults()).length === 0, {
    timeoutMs: 60_000,
    what: '/readyz to find nothing wrong',
  })

type Name = 'redis' | 'minio' | 'runtime'
const ORDERS: readonly (readonly Name[])[] = [
  ['redis', 'minio', 'runtime'],
  ['redis', 'runtime', 'minio'],
  ['minio', 'redis', 'runtime'],
  ['minio', 'runtime', 'redis'],
  ['runtime', 'redis', 'minio'],
  ['runtime', 'minio', 'redis'],
]

describe('the servers and the runtime', () => {
  it.each(
    random('startup')
      .shuffled(ORDERS)
      .slice(0, isThorough ? ORDERS.length : 2),
  )('may start as %s, %s, %s', async (...order) => {
    const server = (name: Name): Server => used.stack[name]
    const [waited, asOnce] = [`echo/waited-${order.join('-')}.txt`, `echo/new-${order.join('-')}.txt`]
    await used.stack.runtime.stop()
    await used.runs.put(waited, 'x')
    await Promise.all([used.stack.redis.stop(), used.stack.minio.stop()])

    const starting: Promise<void>[] = []
    for (const name of order) {
      const started = server(name).start()
      starting.push(started)
      // The runtime is ready only when the others are; it must be there, and say what it waits for.
      if (name === 'runtime') await waitFor(faults, { timeoutMs: 30_000, what: 'the runtime to answer' })
      else await started
    }
    await Promise.all(starting)
    await untilReady()
    await used.runs.put(asOnce, 'y')
    expect([await doneOnce(waited), await doneOnce(asOnce)]).toEqual([waited, asOnce])
  })
})

describe('a Redis that is not as it should be', () => {
  it('with a string for an inbox: uploads wait with MinIO or come by the sweep, and all come when it is gone', async () => {
    const told = await watchFault(used.stack, 'key of a wrong type')
    await waitFor(async () => (await redis.set('{sluice}:in', 'x', 'NX')) === 'OK', {
      timeoutMs: 20_000,
      what: 'the inbox to be empty',
    })
    await used.runs.put('echo/in-is-a-string.txt', 'x')
    await told()
    for (const { trigger } of await used.runs.of('echo/in-is-a-string.txt')) expect(trigger).toBe('sweep')
    await redis.del('{sluice}:in')
    expect(await doneOnce('echo/in-is-a-string.txt')).toBeDefined()
  })

  it("with a string for a function's stream: its runs wait, those of others continue", async () => {
    const told = await watchFault(used.stack, 'stream of a wrong type')
    const stream = '{sluice}:q:slow'
    await waitFor(async () => (await redis.xlen(stream)) === 0, {
      timeoutMs: 20_000,
      what: `${stream} to be empty`,
    })
    await redis.set(stream, 'x')
    await used.runs.put('slow/its-stream-is-a-string.txt', 'x')
    await told()
    await used.runs.put('echo/beside-a-wrong-stream.txt', 'x')
    expect(await doneOnce('echo/beside-a-wrong-stream.txt')).toBeDefined()
    await redis.del(stream)
    expect(await doneOnce('slow/its-stream-is-a-string.txt')).toBeDefined()
    await untilReady()
  })

  it('with a group that is destroyed under work: what runs ends, what waits is done', async () => {
    await used.runs.put('slow/group-destroyed.txt', 'x')
    await used.runs.reached('slow/group-destroyed.txt', 'running')
    const waiting = Array.from({ length: 4 }, (_, index) => `slow/behind-${index}.txt`)
    for (const key of waiting) await used.runs.put(key, 'x')
    await redis.xgroup('DESTROY', '{sluice}:q:slow', 'w')
    for (const key of ['slow/group-destroyed.txt', ...waiting]) expect(await doneOnce(key)).toBe(key)
    await untilReady()
  })

  it('with scripts that are flushed again and again under work', async () => {
    const keys = Array.from({ length: 10 }, (_, index) => `echo/flushed-${index}.txt`)
    const flushing = setInterval(() => void redis.script('FLUSH'), 50)
    try {
      for (const key of keys) await used.runs.put(key, 'x')
      for (const key of keys) expect(await doneOnce(key)).toBe(key)
    } finally {
      clearInterval(flushing)
    }
  })

  it('that is emptied under work: what was uploaded is done, and nothing is done twice', async () => {
    const [before, while_] = ['echo/before-empty.txt', 'slow/while-emptied.txt']
    await used.runs.put(before, 'x')
    await doneOnce(before)
    await used.runs.put(while_, 'x')
    await used.runs.reached(while_, 'running')
    await redis.flushall()
    await used.runs.put('echo/after-empty.txt', 'x')
    expect(await doneOnce('echo/after-empty.txt')).toBeDefined()
    await waitFor(async () => (await used.runs.manifest('slow', while_)) !== undefined, {
      timeoutMs: 60_000,
      what: 'the result of the run that Redis has forgotten',
    })
    await used.runs.assertThere('slow', while_)
    for (const [name, key] of [
      ['slow', while_],
      ['echo', before],
    ] as const)
      expect(await manifestVersions(used.stack.storage, name, key)).toHaveLength(1)
  })

  it('that asks for an unknown password: it is reported, and work continues when it no longer asks', async () => {
    const told = await watchFault(used.stack, 'redis away')
    await redis.config('SET', 'requirepass', 'nobody-knows')
    await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await used.runs.put('echo/behind-a-password.txt', 'x')
    await told()
    expect(Object.keys(await faults())).toContain('redis')
    const log = await readFile(used.stack.runtime.logPath, 'utf8')
    expect(log.slice(log.lastIndexOf('redis is away'))).toContain('NOAUTH')
    await redis.config('SET', 'requirepass', '')
    await untilReady()
    expect(await doneOnce('echo/behind-a-password.txt')).toBeDefined()
  })
})
