/**
 * Redis's CPU for one upload beside 100 idle workers of 50 functions each, without what the workers cost by themselves; against one
 * idle worker, on a Redis of its own, in turn. Also with 8 and 32, and from asking for the run until its handler starts.
 * @module
 */
import { Redis } from 'ioredis'
import { WORKER_ENV, WORKER_FLAGS } from '../../runtime/process/fork-child.ts'
import { startTestRedis } from '../helpers/servers.ts'
import { compare, type Measurement, type Pass } from './harness/compare.ts'
import { treeAt } from './harness/tree.ts'
import type { Order } from './run.ts'
import { startSide } from './side.ts'
import { median, round, say } from './statistics.ts'

const FUNCTIONS = 50
const WORKERS = 100
const UPLOADS = 200

interface Took {
  readonly redisMs: number
  readonly waits: readonly number[]
}

export async function measureIdle(_size: string | undefined, { rounds }: Order): Promise<Measurement> {
  const path = await (await treeAt()).compiled('test/bench/idle-worker.ts')
  const redis = await startTestRedis()
  const control = new Redis(redis.url)
  const side = startSide(path, [redis.url], { execArgv: [...WORKER_FLAGS], env: WORKER_ENV })
  const beside = async (workers: number): Promise<Pass> => {
    const took = await side.ask<Took>({ workers, functions: FUNCTIONS, uploads: UPLOADS })
    await control.flushall()
    return { value: took.redisMs * 1_000, parts: { 'wait in ms': median(took.waits) } }
  }
  try {
    const measured = await compare({
      name: 'idle',
      unit: 'Redis µs an upload',
      rounds,
      digits: 0,
      parts: 'from asking for a run until its handler starts',
      sides: { ours: () => beside(WORKERS), peer: () => beside(1) },
    })
    const notes = [...(measured.notes ?? [])]
    for (const workers of [8, 32]) {
      const { value } = await beside(workers)
      notes.push(`${workers} workers, one round: ${round(value, 0)} µs, ${round(value / measured.peer, 2)}`)
      say(notes.at(-1) ?? '')
    }
    return { ...measured, notes }
  } finally {
    control.disconnect()
    await side.stop()
    await redis.stop()
  }
}
