/**
 * From asking for a run until its handler starts, one at a time in an idle worker; against BullMQ from `add` to its processor,
 * on the same Redis, in turn. Each side asks and works in one process, over connections of its own.
 * @module
 */
import { join } from 'node:path'
import { startTestRedis } from '../helpers/servers.ts'
import { startDispatchSide } from './dispatch.ts'
import { compare, mapped, type Measurement } from './harness/compare.ts'
import { installPeer } from './peer/install.ts'
import type { Order } from './run.ts'
import { startSide } from './side.ts'
import { median } from './statistics.ts'

const RUNS = 40

export async function measureWait(
  _size: string | undefined,
  { rounds, before }: Order,
): Promise<Measurement> {
  await installPeer()
  const redis = await startTestRedis()
  // A commit of another layout beside ours in one Redis would find its runs: each side has its own.
  const other = before && (await startTestRedis())
  const sides = {
    ...(before && other && { before: await startDispatchSide(other.url, before) }),
    ours: await startDispatchSide(redis.url),
    peer: startSide(join(import.meta.dirname, 'peer', 'dispatch.mjs'), [redis.url]),
  }
  try {
    return await compare({
      name: 'wait',
      unit: 'ms',
      rounds,
      digits: 2,
      sides: mapped(sides, (side) => async () => ({
        value: median(await side.ask<number[]>({ kind: 'wait', count: RUNS })),
      })),
    })
  } finally {
    await Promise.all(Object.values(sides).map((side) => side.stop()))
    await Promise.all([redis.stop(), other?.stop()])
  }
}
