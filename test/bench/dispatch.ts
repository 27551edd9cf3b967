/**
 * Runs per second: claimed, dispatched to a handler that does nothing, and settled, by one worker process; against a BullMQ
 * worker with as many jobs at a time, on the same Redis, in turn. Each side is filled before its clock starts.
 * @module
 */
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { WORKER_ENV, WORKER_FLAGS } from '../../runtime/process/fork-child.ts'
import { startTestRedis } from '../helpers/servers.ts'
import { compiledPath } from './compiled.ts'
import { installPeer } from './peer/install.ts'
import type { Measurement } from './run.ts'
import { startSide, type Side } from './side.ts'
import { median, round, say } from './statistics.ts'

const RUNS = 20_000
const ROUNDS = 7
const WARM_UP = 1
/** What counts, and what is printed beside it. */
const AT_A_TIME = [50, 100] as const

export async function measureDispatch(size = String(RUNS)): Promise<Measurement> {
  const count = Number(size)
  const version = await installPeer()
  const redis = await startTestRedis()
  const control = new Redis(redis.url)
  // A rewrite of the append-only file in the middle of a round would be charged to whoever's round it is.
  await control.config('SET', 'auto-aof-rewrite-percentage', 0)
  const ours = startDispatchSide(redis.url)
  const peer = startSide(join(import.meta.dirname, 'peer', 'dispatch.mjs'), [redis.url])
  try {
    const ratios = []
    for (const atATime of AT_A_TIME) {
      const rates: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
      for (let turn = 0; turn < WARM_UP + ROUNDS; turn++) {
        const rate = { ours: 0, peer: 0 }
        // Whoever comes second finds a busier machine or a quieter one: they take turns.
        const order = turn % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const)
        for (const name of order) {
          const seconds = await (name === 'ours' ? ours : peer).ask<number>({
            kind: 'dispatch',
            count,
            atATime,
          })
          rate[name] = count / seconds
          await control.flushall()
        }
        const isCounted = turn >= WARM_UP
        say(
          `${atATime} at a time, ${isCounted ? `round ${turn - WARM_UP + 1}` : 'warm-up'}: ` +
            `ours ${rate.ours.toFixed(0)}/s, BullMQ ${version} ${rate.peer.toFixed(0)}/s, ${(rate.ours / rate.peer).toFixed(2)} x`,
        )
        if (!isCounted) continue
        rates.ours.push(rate.ours)
        rates.peer.push(rate.peer)
      }
      ratios.push({ ours: round(median(rates.ours), 0), peer: round(median(rates.peer), 0) })
    }
    const [first, second] = ratios as [Rates, Rates]
    say(`${AT_A_TIME[1]} at a time: ours ${second.ours}/s, BullMQ ${second.peer}/s, ratio ${ratioOf(second)}`)
    return { name: 'dispatch', unit: 'runs/s', ...first, ratio: ratioOf(first) }
  } finally {
    control.disconnect()
    await Promise.all([ours.stop(), peer.stop()])
    await redis.stop()
  }
}

/** Our worker, compiled as in the image and started as the supervisor starts workers. */
export function startDispatchSide(redisUrl: string): Side {
  return startSide(compiledPath(join(import.meta.dirname, 'dispatch-worker.ts')), [redisUrl], {
    execArgv: [...WORKER_FLAGS, ...profiling()],
    env: WORKER_ENV,
  })
}

/** With `BENCH_PROFILE=<folder>` our side leaves a CPU profile there. */
function profiling(): readonly string[] {
  const dir = process.env['BENCH_PROFILE']
  return dir ? ['--cpu-prof', `--cpu-prof-dir=${dir}`] : []
}

interface Rates {
  readonly ours: number
  readonly peer: number
}

function ratioOf({ ours, peer }: Rates): number {
  return round(ours / peer, 3)
}
