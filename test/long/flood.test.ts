/** P14: 100,000 notifications at once are all admitted, once each, by a process that does not grow. */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKeys, runIdOf } from '../../runtime/queue/keys.ts'
import { createApiClient } from '../helpers/api.ts'
import { everyWorkerHeard } from '../helpers/every-worker-heard.ts'
import { useStack } from '../helpers/runs.ts'
import { waitFor } from '../helpers/wait.ts'

const COUNT = 100_000
/** Before anything is measured: the code is compiled, and the heap has its usual size. */
const WARM_UP = 10_000
const AT_ONCE = 1_000
const MAX_GROWTH_MB = 100
const MAX_REDIS_MB = 300

const used = useStack({})
const { ask } = createApiClient(() => used.stack)
const keys = createKeys('sluice')
let redis: Redis

beforeAll(() => {
  redis = new Redis(used.stack.redisUrl)
})
afterAll(() => redis?.disconnect())

/** As MinIO sent it, of another key and version. */
const captured = (
  JSON.parse(readFileSync(new URL('../fixtures/events/v-put1.json', import.meta.url), 'utf8')) as {
    raw: string[]
  }
).raw[0] as string
const VERSION = /"versionId":"([^"]*)"/

function announcementOf(index: number): string {
  return captured
    .replace('"bucket":{"name":"incomingv"', '"bucket":{"name":"incoming"')
    .replace('"key":"v.txt"', `"key":"echo%2Fflood-${index}.txt"`)
    .replace(VERSION, `"versionId":"${generationOf(index)}"`)
}

function generationOf(index: number): string {
  return `5469d7af-0698-4175-8067-${String(index).padStart(12, '0')}`
}

function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1_024
}

async function redisMb(field: 'used_memory' | 'used_memory_peak'): Promise<number> {
  const bytes = new RegExp(`${field}:(\\d+)`).exec(await redis.info('memory'))?.[1]
  return Number(bytes) / 2 ** 20
}

async function announce(from: number, count: number): Promise<void> {
  for (let at = from; at < from + count; at += AT_ONCE) {
    await redis.rpush(
      keys.inbox,
      ...Array.from({ length: AT_ONCE }, (_, index) => announcementOf(at + index)),
    )
  }
}

async function untilAdmitted(onLook: () => void): Promise<void> {
  await waitFor(
    async () => {
      onLook()
      return (await redis.llen(keys.inbox)) === 0
    },
    { timeoutMs: 300_000, what: 'the inbox to be empty', intervalMs: 20 },
  )
}

async function runsInStream(): Promise<string[]> {
  const runIds: string[] = []
  for (let from = '-'; ;) {
    const entries = await redis.xrange(keys.stream('echo', 'live'), from, '+', 'COUNT', 10_000)
    runIds.push(...entries.map(([, [, runId = '']]) => runId))
    const last = entries.at(-1)
    if (!last) return runIds
    from = `(${last[0]}`
  }
}

it('100,000 notifications at once become 100,000 runs, and neither the process nor Redis grows beyond its bounds', async () => {
  // Only admission is tried: the sources of these runs do not exist.
  expect((await ask('POST', '/functions/echo/pause')).status).toBe(200)
  await everyWorkerHeard(redis, 'echo')
  const [serving = 0] = await used.stack.childPids('serve')
  await announce(COUNT, WARM_UP)
  await untilAdmitted(() => undefined)
  const beforeMb = residentMb(serving)
  let peakMb = beforeMb
  const redisBeforeMb = await redisMb('used_memory')
  const look = () => {
    peakMb = Math.max(peakMb, residentMb(serving))
  }
  const beganMs = performance.now()
  const looking = setInterval(look, 20)
  await announce(0, COUNT).finally(() => clearInterval(looking))
  await untilAdmitted(look)
  const seconds = (performance.now() - beganMs) / 1_000

  const runIds = await runsInStream()
  expect(runIds).toHaveLength(COUNT + WARM_UP)
  const found = new Set(runIds)
  expect(found.size).toBe(COUNT + WARM_UP)
  for (let index = 0; index < COUNT; index++) {
    const runId = runIdOf('echo', 'incoming', `echo/flood-${index}.txt`, generationOf(index))
    if (!found.has(runId)) throw new Error(`notification ${index} is lost`)
  }
  expect(await redis.zcard(keys.runs)).toBe(COUNT + WARM_UP)
  expect(await redis.xlen(keys.bad)).toBe(0)
  const redisGrowthMb = (await redisMb('used_memory_peak')) - redisBeforeMb
  process.stdout.write(
    `flood: ${COUNT} in ${seconds.toFixed(1)} s; serve ${beforeMb.toFixed(0)} -> ${peakMb.toFixed(0)} MB; Redis + ${redisGrowthMb.toFixed(0)} MB; p99 of a batch at most ${await p99Ms()} ms\n`,
  )
  expect(peakMb - beforeMb).toBeLessThan(MAX_GROWTH_MB)
  expect(redisGrowthMb).toBeLessThan(MAX_REDIS_MB)
})

/** Of the histogram: the bound of the bucket that has it. Only told; how fast it is, the benchmark says. */
async function p99Ms(): Promise<number> {
  const text = await (await fetch(`${used.stack.apiUrl}/metrics`)).text()
  const rows = [...text.matchAll(/sluice_admit_batch_seconds_bucket\{.*?le="([^"]+)".*?\} (\d+)/g)]
  const all = Number(rows.at(-1)?.[2])
  const row = rows.find(([, , count]) => Number(count) >= 0.99 * all)
  return Number(row?.[1] === '+Inf' ? Infinity : row?.[1]) * 1_000
}
