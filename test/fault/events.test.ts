/** Events that come often, late, in another order, by two intakes, or as nonsense: one run for each upload all the same. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../../infra/local/settings/ports.ts'
import { createKeys } from '../../runtime/queue/keys.ts'
import type { RunRecord } from '../../runtime/queue/run.ts'
import { manifestVersions } from '../helpers/manifest-versions.ts'
import { otherRuntime, type OtherRuntime } from '../helpers/other-runtime.ts'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { waitFor } from '../helpers/wait.ts'
import { watchFault } from './faults.ts'

const used = useStack({})
const dice = random('events')
const keys = createKeys('sluice')
let redis: Redis
let second: OtherRuntime

const ONCE = Array.from({ length: 12 }, (_, index) => `echo/once-${index}.txt`)
/** Each is overwritten twice. */
const OFTEN = Array.from({ length: 4 }, (_, index) => `echo/often-${index}.txt`)
const VERSIONS = ['first', 'second', 'third']

beforeAll(async () => {
  redis = new Redis(used.stack.redisUrl)
  second = otherRuntime(used.stack, {
    SLUICE_ROLES: 'intake,api',
    SLUICE_API_PORT: String(await freePort()),
  })
})

afterAll(async () => {
  await second?.stop()
  redis?.disconnect()
})

async function announcements(): Promise<Buffer[]> {
  return redis.lrangeBuffer(keys.inbox, 0, -1)
}

async function untilAdmitted(): Promise<void> {
  await waitFor(async () => (await redis.llen(keys.inbox)) === 0, {
    timeoutMs: 30_000,
    what: 'the inbox to be empty',
  })
}

async function allRuns(): Promise<ReadonlyMap<string, RunRecord>> {
  const found = await Promise.all([...ONCE, ...OFTEN].map((key) => used.runs.of(key)))
  return new Map(found.flat().map((run) => [run.runId, run]))
}

/** All of them, each in a final state. */
async function ended(): Promise<ReadonlyMap<string, RunRecord>> {
  const expected = ONCE.length + OFTEN.length * VERSIONS.length
  return waitFor(
    async () => {
      const runs = await allRuns()
      const isOver = [...runs.values()].every(({ endedAtMs }) => endedAtMs !== undefined)
      return runs.size === expected && isOver && runs
    },
    { timeoutMs: 60_000, what: `${expected} runs to end` },
  )
}

async function results(): Promise<Readonly<Record<string, readonly string[]>>> {
  const rows = await Promise.all(
    [...ONCE, ...OFTEN].map(async (key) => [key, await manifestVersions(used.stack.storage, 'echo', key)]),
  )
  return Object.fromEntries(rows) as Record<string, string[]>
}

let raws: Buffer[] = []

it('an event that comes six times, in any order, to two intakes at once, makes one run and one result', async () => {
  await used.stack.runtime.stop()
  for (const key of ONCE) await used.runs.put(key, `body of ${key}`)
  for (const version of VERSIONS) for (const key of OFTEN) await used.runs.put(key, version)
  const uploads = ONCE.length + OFTEN.length * VERSIONS.length
  raws = await waitFor(
    async () => {
      const all = await announcements()
      return all.length === 2 * uploads && all
    },
    { timeoutMs: 20_000, what: 'both copies of every announcement' },
  )
  await redis.del(keys.inbox)
  await redis.rpush(keys.inbox, ...dice.shuffled([...raws, ...raws, ...raws]))
  await Promise.all([used.stack.runtime.start(), second.start()])
  const runs = await ended()
  await untilAdmitted()
  // Metrics are each process's own: from here on this runtime's tell of everything.
  await second.stop()
  for (const run of runs.values()) {
    expect(run).toMatchObject({ attempts: 0, crashes: 0, copies: 2, dups: 4 })
    expect(['succeeded', 'superseded']).toContain(run.state)
  }
  for (const key of ONCE) {
    expect(await manifestVersions(used.stack.storage, 'echo', key)).toHaveLength(1)
    await used.runs.assertWhole('echo', key)
  }
  for (const key of OFTEN) {
    const [file = ''] = await used.runs.assertWhole('echo', key)
    const written = await used.stack.storage.readText('processed', file)
    expect(JSON.parse(written?.text ?? '')).toMatchObject({ key, body: 'third' })
  }
})

it('a replay of everything, long after the end, starts nothing and changes no result', async () => {
  const [runsBefore, resultsBefore] = [await ended(), await results()]
  const told = await watchFault(used.stack, 'notifications repeated')
  await redis.rpush(keys.inbox, ...dice.shuffled(raws))
  await untilAdmitted()
  // Whatever is admitted after the replay is claimed after it too.
  await used.runs.put('echo/after-the-replay.txt', 'x')
  await used.runs.reached('echo/after-the-replay.txt', 'succeeded')
  const runsAfter = await allRuns()
  expect(runsAfter.size).toBe(runsBefore.size)
  for (const [runId, before] of runsBefore) {
    const { state, fence, epoch, endedAtMs } = before
    const after = runsAfter.get(runId)
    expect(after).toMatchObject({ state, fence, epoch, endedAtMs })
    expect(after?.dups).toBeGreaterThan(before.dups)
  }
  expect(await results()).toEqual(resultsBefore)
  await told()
})

it('a text that is not a notification is set aside with its reason, and blocks nothing', async () => {
  const told = await watchFault(used.stack, 'notifications malformed')
  const bad = malformed(raws[0]?.toString() ?? '')
  const before = await redis.xlen(keys.bad)
  // Each between two uploads that are in order.
  const good = Array.from({ length: 6 }, (_, index) => `echo/between-${index}.txt`)
  const shares = good.map((_, at) => Object.values(bad).filter((_each, index) => index % good.length === at))
  for (const [at, key] of good.entries()) {
    await redis.rpush(keys.inbox, ...(shares[at] ?? []))
    await used.runs.put(key, 'x')
  }
  for (const key of good) await used.runs.reached(key, 'succeeded')
  await untilAdmitted()
  const entries = (await redis.xrangeBuffer(keys.bad, '-', '+')).slice(before)
  const found = entries.map(([, fields]) => ({
    raw: fields[1] as Buffer,
    reason: String(fields[3]),
    bytes: Number(fields[5]),
  }))
  for (const [name, raw] of Object.entries(bad)) {
    const kept = raw.length > 4_096 ? raw.subarray(0, 1_024) : raw
    const setAside = found.find((each) => each.raw.equals(kept) && each.bytes === raw.length)
    expect({ name, reason: setAside?.reason ?? '' }).toEqual({ name, reason: expect.stringMatching(/\w{2}/) })
  }
  expect(found).toHaveLength(Object.keys(bad).length)
  await told()
})

it('an upload behind texts that are far too long is processed, and the process that reads them lives', async () => {
  const told = await watchFault(used.stack, 'notifications too long')
  const pids = await used.stack.childPids('serve')
  for (let index = 0; index < 3; index++) await redis.rpush(keys.inbox, Buffer.alloc(20 * 1024 * 1024, 'x'))
  await used.runs.put('echo/behind-the-long.txt', 'x')
  await used.runs.reached('echo/behind-the-long.txt', 'succeeded')
  await untilAdmitted()
  await told()
  expect(await used.stack.childPids('serve')).toEqual(pids)
})

/** Texts that are no notification, each in another way; most of them a real one that was spoiled. */
function malformed(real: string): Readonly<Record<string, Buffer>> {
  const spoiled = (from: string | RegExp, to: string) => {
    const text = real.replace(from, to)
    if (text === real) throw new Error(`${String(from)} is not in ${real}`)
    return Buffer.from(text)
  }
  return {
    'a brace': Buffer.from('{'),
    'an empty text': Buffer.from('""'),
    nothing: Buffer.from(''),
    'an empty list': Buffer.from('[]'),
    'a number': Buffer.from('17'),
    null: Buffer.from('null'),
    'five megabytes': Buffer.from(`"${'x'.repeat(5_000_000)}"`),
    'deep nesting': Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)),
    'records that are no list': Buffer.from('{"Records":{"a":1}}'),
    'records that are none': Buffer.from('[{"Event":[null,7,"x"],"EventTime":"x"}]'),
    'half of one': Buffer.from(real.slice(0, real.length / 2)),
    'a key that is no UTF-8': Buffer.from(
      real.replace(/"key":"[^"]*"/, '"key":"echo%2F\u00ff.txt"'),
      'latin1',
    ),
    'no key': spoiled(/"key":"[^"]*",?/, ''),
    'an empty key': spoiled(/"key":"[^"]*"/, '"key":""'),
    'a key that is badly escaped': spoiled(/"key":"[^"]*"/, '"key":"%E0%A4%A"'),
    'a key that is a number': spoiled(/"key":"[^"]*"/, '"key":5'),
    'a negative size': spoiled(/"size":\d+/, '"size":-1'),
    'a size that is text': spoiled(/"size":\d+/, '"size":"12"'),
    'no bucket': spoiled(/"bucket":\{"name":"[^"]*"/, '"bucket":{"name":""'),
    'a time that is none': spoiled(/"eventTime":"[^"]*"/, '"eventTime":"yesterday"'),
    'a sequencer that is no number': spoiled(/"sequencer":"[^"]*"/, '"sequencer":"zzz"'),
  }
}
