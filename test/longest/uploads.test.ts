/** 10,000 small uploads while worker processes are killed at random: one complete result each, none twice, none given up. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { manifestKeyIn } from '../../runtime/output/layout.ts'
import { parseManifest } from '../../runtime/output/manifest.ts'
import { createHistory } from '../../runtime/queue/history.ts'
import { createKeys } from '../../runtime/queue/keys.ts'
import { watchFault } from '../fault/faults.ts'
import { useStack } from '../helpers/runs.ts'
import { random } from '../helpers/seed.ts'
import { waitFor } from '../helpers/wait.ts'

const COUNT = 10_000
const AT_A_TIME = 16
const KILLS = 12
const WORKERS = 4

const used = useStack({ SLUICE_WORKERS: String(WORKERS) })
const dice = random('uploads')
const keys = createKeys('sluice')
let redis: Redis

beforeAll(() => {
  redis = new Redis(used.stack.redisUrl)
})
afterAll(() => redis?.disconnect())

const KEYS = Array.from({ length: COUNT }, (_, index) => `echo/small-${index}.txt`)

/** So many at a time; each in its turn. */
async function inParallel<T>(
  items: readonly T[],
  work: (item: T, at: number) => Promise<void>,
): Promise<void> {
  const waiting = [...items.entries()].values()
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (const [at, item] of waiting) await work(item, at)
    }),
  )
}

async function killOne(): Promise<void> {
  const pid = await waitFor(
    async () => {
      const pids = await used.stack.childPids('work')
      return pids.length === WORKERS && dice.pick(pids)
    },
    { timeoutMs: 60_000, what: 'all workers to be there' },
  )
  process.kill(pid, 'SIGKILL')
}

/** How many runs there are in each state. */
async function states(): Promise<Readonly<Record<string, number>>> {
  const runIds = await redis.zrangebyscore(keys.runs, '-inf', '+inf')
  const found: Record<string, number> = {}
  for (const run of await createHistory(redis, keys).runs(runIds))
    found[run?.state ?? 'gone'] = (found[run?.state ?? 'gone'] ?? 0) + 1
  return found
}

it('10,000 uploads have one complete result each, whatever workers are killed meanwhile', async () => {
  const told = await watchFault(used.stack, 'worker killed')
  const killAt = new Set(Array.from({ length: KILLS }, () => dice.below(COUNT)))
  const kills: Promise<void>[] = []
  await inParallel(KEYS, async (key, at) => {
    await used.runs.put(key, key)
    if (killAt.has(at)) kills.push(killOne())
  })
  await Promise.all(kills)
  await waitFor(async () => (await states())['succeeded'] === COUNT, {
    timeoutMs: 480_000,
    what: `${COUNT} runs to succeed`,
    intervalMs: 2_000,
  }).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await states())}`, { cause: error })
  })
  await told()
  expect(await states()).toEqual({ succeeded: COUNT })
  expect(await redis.xlen(keys.dead('echo'))).toBe(0)

  const sizes = new Map<string, number>()
  const versions = new Map<string, number>()
  for await (const { key, sizeBytes } of used.stack.storage.list('processed', { versions: true })) {
    sizes.set(key, sizeBytes)
    versions.set(key, (versions.get(key) ?? 0) + 1)
  }
  const manifests = [...versions].filter(([key]) => key.endsWith('/manifest.json'))
  expect(manifests).toHaveLength(COUNT)
  expect(manifests.filter(([, count]) => count > 1)).toEqual([])
  await inParallel(KEYS, async (key) => {
    const found = await used.stack.storage.readText('processed', manifestKeyIn(`${key}/echo/`))
    const manifest = found && parseManifest(found.text)
    if (manifest?.source.key !== key) throw new Error(`${key} has no result of its own`)
    for (const file of manifest.files)
      if (sizes.get(file.key) !== file.bytes) throw new Error(`${file.key} is not what the manifest names`)
  })
})
