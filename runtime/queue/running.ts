/** The runs of a function that go on in some worker: those that its streams have delivered. Only reads. @module */
import type { Redis } from 'ioredis'
import { GROUP, LANES, type Keys, type Lane } from './keys.ts'
import type { RunPayload } from './run.ts'

const STEP = 1_000

/** What they work on. */
export async function readRunning(
  redis: Redis,
  keys: Keys,
  functionName: string,
): Promise<readonly RunPayload[]> {
  const runIds: string[] = []
  for (const lane of LANES) runIds.push(...(await pendingIn(redis, keys, functionName, lane)))
  const payloads: RunPayload[] = []
  for (const runId of runIds) {
    const text = await redis.hget(keys.run(runId), 'payload')
    if (text) payloads.push(JSON.parse(text) as RunPayload)
  }
  return payloads
}

async function pendingIn(redis: Redis, keys: Keys, functionName: string, lane: Lane): Promise<string[]> {
  const stream = keys.stream(functionName, lane)
  const runIds: string[] = []
  for (let from = '-'; ;) {
    const rows = await pendingFrom(redis, stream, from)
    for (const [entry] of rows) {
      const [found] = await redis.xrange(stream, entry, entry)
      if (found?.[1][1]) runIds.push(found[1][1])
    }
    const last = rows.at(-1)
    if (!last || rows.length < STEP) return runIds
    from = `(${last[0]}`
  }
}

async function pendingFrom(redis: Redis, stream: string, from: string): Promise<[entry: string][]> {
  try {
    return (await redis.xpending(stream, GROUP, from, '+', STEP)) as [entry: string][]
  } catch (error) {
    // Nothing was ever claimed there.
    if (error instanceof Error && error.message.startsWith('NOGROUP')) return []
    throw error
  }
}
