/** How many runs of a function wait, by lane, and how many are running. Only reads. @module */
import type { Redis } from 'ioredis'
import { GROUP, LANES, type Keys, type Lane } from './keys.ts'

export type Depths = Readonly<Record<Lane | 'running', number>>

/** Runs that a worker has, or could begin now. */
export function openOf({ live, low, solo, running }: Depths, due: number): number {
  return live + low + solo + running + due
}

export async function readDepths(redis: Redis, keys: Keys, functionName: string): Promise<Depths> {
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

async function pendingOf(redis: Redis, stream: string): Promise<number> {
  const summary = (await redis.xpending(stream, GROUP).catch(() => [0])) as [number]
  return summary[0]
}
