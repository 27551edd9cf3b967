/**
 * Runs per second: claimed, dispatched to a handler that does nothing, and settled, by one worker process; against a BullMQ
 * worker with as many jobs at a time, on the same Redis, in turn. Each side is filled before its clock starts.
 * @module
 */
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { WORKER_ENV, WORKER_FLAGS } from '../../runtime/process/fork-child.ts'
import { startTestRedis } from '../helpers/servers.ts'
import { compare, mapped, type Measurement, type Pass } from './harness/compare.ts'
import { treeAt, type Tree } from './harness/tree.ts'
import { installPeer } from './peer/install.ts'
import type { Order } from './run.ts'
import { startSide, type Side } from './side.ts'

const RUNS = 20_000
/** What counts, and what is told beside it. */
const AT_A_TIME = [50, 100] as const

/** What a side says of its part that is timed. */
interface Took {
  readonly seconds: number
  readonly cpuMs: number
  /** Of Redis. */
  readonly redisMs: number
}

export async function measureDispatch(size = String(RUNS), { rounds, before }: Order): Promise<Measurement> {
  const count = Number(size)
  await installPeer()
  const redis = await startTestRedis()
  const control = new Redis(redis.url)
  // A rewrite of the append-only file in the middle of a round would be charged to whoever's round it is.
  await control.config('SET', 'auto-aof-rewrite-percentage', 0)
  const peer = startSide(join(import.meta.dirname, 'peer', 'dispatch.mjs'), [redis.url])
  const sides = {
    ...(before && { before: await startDispatchSide(redis.url, before) }),
    ours: await startDispatchSide(redis.url),
    peer,
  }
  try {
    const measure = (atATime: number) =>
      compare({
        name: 'dispatch',
        unit: 'runs/s',
        rounds,
        digits: 0,
        parts: `CPU µs a run, ${atATime} at a time`,
        sides: mapped(sides, (side) => async (): Promise<Pass> => {
          const took = await side.ask<Took | number>({ kind: 'dispatch', count, atATime })
          await control.flushall()
          // Commits before 2026-12 told seconds alone.
          if (typeof took === 'number') return { value: count / took }
          const [worker, server] = [(took.cpuMs * 1_000) / count, (took.redisMs * 1_000) / count]
          return { value: count / took.seconds, parts: { worker, redis: server, all: worker + server } }
        }),
      })
    const [first, second] = [await measure(AT_A_TIME[0]), await measure(AT_A_TIME[1])]
    const { ours, ratio } = second
    const notes = [...(first.notes ?? []), `${AT_A_TIME[1]} at a time: ${ours}/s, ${ratio}`]
    return { ...first, notes }
  } finally {
    control.disconnect()
    await Promise.all(Object.values(sides).map((side) => side.stop()))
    await redis.stop()
  }
}

/** Our worker, compiled as in the image and started as the supervisor starts workers; with `BENCH_PROFILE=<folder>` it leaves a CPU profile there. */
export async function startDispatchSide(redisUrl: string, tree?: Tree): Promise<Side> {
  const path = await (tree ?? (await treeAt())).compiled('test/bench/dispatch-worker.ts')
  const dir = process.env['BENCH_PROFILE']
  const profiling = dir && !tree ? ['--cpu-prof', `--cpu-prof-dir=${dir}`] : []
  return startSide(path, [redisUrl], { execArgv: [...WORKER_FLAGS, ...profiling], env: WORKER_ENV })
}
