/**
 * From asking for a run until its handler starts, one at a time in an idle worker; against BullMQ from `add` to its processor,
 * on the same Redis, in turn. Each side asks and works in one process, over connections of its own.
 * @module
 */
import { join } from 'node:path'
import { startTestRedis } from '../helpers/servers.ts'
import { startDispatchSide } from './dispatch.ts'
import { installPeer } from './peer/install.ts'
import type { Measurement } from './run.ts'
import { startSide } from './side.ts'
import { median, round, say } from './statistics.ts'

const ROUNDS = 5
const WARM_UP = 1
const RUNS = 40

export async function measureWait(): Promise<Measurement> {
  await installPeer()
  const redis = await startTestRedis()
  const sides = {
    ours: startDispatchSide(redis.url),
    peer: startSide(join(import.meta.dirname, 'peer', 'dispatch.mjs'), [redis.url]),
  }
  try {
    const medians: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
    for (let turn = 0; turn < WARM_UP + ROUNDS; turn++) {
      for (const name of ['ours', 'peer'] as const) {
        const waitsMs = await sides[name].ask<number[]>({ kind: 'wait', count: RUNS })
        const middle = median(waitsMs)
        say(`${turn < WARM_UP ? 'warm-up' : `round ${turn}`}: ${name} ${middle.toFixed(2)} ms`)
        if (turn >= WARM_UP) medians[name].push(middle)
      }
    }
    const [ours, peer] = [round(median(medians.ours), 3), round(median(medians.peer), 3)]
    return { name: 'wait', unit: 'ms', ours, peer, ratio: round(ours / peer, 3) }
  } finally {
    await Promise.all(Object.values(sides).map((side) => side.stop()))
    await redis.stop()
  }
}
