/** How much is waiting and running. Only reads. @module */
import { GROUP, LANES, type Keys, type Lane } from './keys.ts'
import { readDebtsOwed } from './outbox.ts'
import { redisNowMs, type Redis } from './redis.ts'
import { isOtherType, parseFacts, parseRun, readable, readRunFields } from './run-record.ts'
import type { RunPayload } from './run.ts'

/** Each promotion takes a thousand, several times a second: more than that are due only while nobody promotes. */
const MAX_DUE = 1_000
const STEP = 1_000

/** Runs of a function: waiting, by lane, and running. */
type Depths = Readonly<Record<Lane | 'running', number>>

export interface FunctionBacklog extends Depths {
  /** Runs that a worker has or could start now: waiting in any lane, running, and retries that are due. */
  readonly open: number
  /** Dead letters. */
  readonly dead: number
}

export type Backlog = ReturnType<typeof createBacklog>

export function createBacklog(redis: Redis, keys: Keys) {
  async function depthsOf(functionName: string): Promise<Depths> {
    const depths = { live: 0, low: 0, solo: 0, running: 0 }
    for (const lane of LANES) {
      const stream = keys.stream(functionName, lane)
      const length = await redis.xlen(stream)
      const pending = length === 0 ? 0 : await pendingOf(redis, stream)
      depths[lane] = length - pending
      depths.running += pending
    }
    return depths
  }

  /** Retries by function that are due and not yet back in their stream. */
  async function readDue(): Promise<ReadonlyMap<string, number>> {
    const runIds = await redis.zrangebyscore(keys.delay, '-inf', await redisNowMs(redis), 'LIMIT', 0, MAX_DUE)
    const due = new Map<string, number>()
    const pipeline = redis.pipeline()
    for (const runId of runIds) pipeline.hget(keys.run(runId), 'fn')
    for (const [error, functionName] of (await pipeline.exec()) ?? []) {
      // Its promotion sets it aside.
      if (error && isOtherType(error)) continue
      if (error) throw error
      if (typeof functionName === 'string') due.set(functionName, (due.get(functionName) ?? 0) + 1)
    }
    return due
  }

  return {
    async ofFunctions(names: readonly string[]): Promise<ReadonlyMap<string, FunctionBacklog>> {
      const due = await readDue()
      const found = names.map(async (name): Promise<[string, FunctionBacklog]> => {
        const [depths, dead] = await Promise.all([depthsOf(name), redis.xlen(keys.dead(name))])
        const { live, low, solo, running } = depths
        return [name, { ...depths, dead, open: live + low + solo + running + (due.get(name) ?? 0) }]
      })
      return new Map(await Promise.all(found))
    },

    /** Dead letters of all the functions. */
    async deadCount(names: readonly string[]): Promise<number> {
      const lengths = await Promise.all(names.map((name) => redis.xlen(keys.dead(name))))
      return lengths.reduce((sum, length) => sum + length, 0)
    },

    /** When the oldest entry of a function's live stream was put there, running or waiting; undefined when it is empty. */
    async oldestMs(functionName: string): Promise<number | undefined> {
      const [first] = await redis.xrange(keys.stream(functionName, 'live'), '-', '+', 'COUNT', 1)
      return first && Number(first[0].split('-')[0])
    },

    /** Counts that belong to no single function: notifications, retries and debts. */
    totals: async () => ({
      inbox: await redis.llen(keys.inbox),
      bad: await redis.xlen(keys.bad),
      delayed: await redis.zcard(keys.delay),
      ...(await readDebtsOwed(redis, keys)),
      aside: await redis.xlen(keys.aside),
    }),
  }
}

async function pendingOf(redis: Redis, stream: string): Promise<number> {
  const summary = (await redis.xpending(stream, GROUP).catch(() => [0])) as [number]
  return summary[0]
}

/** The payloads of a function's runs that some worker has. */
export async function readRunning(
  redis: Redis,
  keys: Keys,
  functionName: string,
): Promise<readonly RunPayload[]> {
  const runIds: string[] = []
  for (const lane of LANES) runIds.push(...(await pendingIn(redis, keys.stream(functionName, lane))))
  const found = await readRunFields(redis, keys, runIds)
  return found.flatMap((fields, index) => {
    // A run whose state cannot be read has lost its attempt: no fence lets it commit. With its payload alone gone, it may.
    const facts = readable(() => parseFacts(fields))
    return (facts && parseRun(runIds[index] as string, fields)?.payload) ?? []
  })
}

async function pendingIn(redis: Redis, stream: string): Promise<string[]> {
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
