/**
 * What Redis needs for 100,000 runs, waiting and ended, with all that is remembered of their objects; against 100,000 jobs of
 * BullMQ with the same data, waiting and completed. Ended ones are kept by both, ours by its defaults.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { defineFunction } from '../../runtime/function/definition.ts'
import { planAdmission } from '../../runtime/intake/admission.ts'
import { createRouter } from '../../runtime/function/routing.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createQueue, type Queue } from '../../runtime/queue/queue.ts'
import { connectRedis } from '../../runtime/queue/redis.ts'
import type { Settlement } from '../../runtime/queue/turn.ts'
import { startTestRedis } from '../helpers/servers.ts'
import { notificationsOf } from './notifications.ts'
import { installPeer } from './peer/install.ts'
import type { Measurement } from './run.ts'
import { startSide } from './side.ts'
import { median, round, say } from './statistics.ts'

const RUNS = 100_000
const ROUNDS = 5
const NAME = 'nothing'
const AT_ONCE = 100
const DAY_MS = 86_400_000

interface Used {
  readonly queuedMb: number
  readonly endedMb: number
}

export async function measureMemory(size = String(RUNS)): Promise<Measurement> {
  const count = Number(size)
  await installPeer()
  const redis = await startTestRedis()
  const control = new Redis(redis.url)
  const command = connectRedis(redis.url, 'command', createLogger({ level: 'warn', format: 'json' }))
  const queue = createQueue(command, 'sluice')
  const peer = startSide(join(import.meta.dirname, 'peer', 'memory.mjs'), [redis.url])
  /** Bytes since `before`, scaled to the whole number. */
  const used = async (before: number) => ((await usedBytes(control)) - before) * (RUNS / count) * 1e-6
  try {
    const all: { ours: Used[]; peer: Used[] } = { ours: [], peer: [] }
    for (let turn = 0; turn < ROUNDS; turn++) {
      for (const name of ['ours', 'peer'] as const) {
        await control.flushall()
        const before = await usedBytes(control)
        await (name === 'ours' ? fill(queue, count) : peer.ask({ kind: 'fill', count }))
        const queuedMb = await used(before)
        await (name === 'ours' ? settleAll(queue, count) : peer.ask({ kind: 'work', count }))
        const endedMb = await used(before)
        all[name].push({ queuedMb, endedMb })
        say(`round ${turn + 1}: ${name}: waiting ${queuedMb.toFixed(1)} MB, ended ${endedMb.toFixed(1)} MB`)
      }
    }
    const of = (name: 'ours' | 'peer', field: keyof Used) =>
      round(median(all[name].map((each) => each[field])), 1)
    const queued = { ours: of('ours', 'queuedMb'), peer: of('peer', 'queuedMb') }
    const ended = { ours: of('ours', 'endedMb'), peer: of('peer', 'endedMb') }
    say(
      `waiting: ours ${queued.ours} MB, BullMQ ${queued.peer} MB, ratio ${round(queued.ours / queued.peer, 3)}`,
    )
    return { name: 'memory', unit: 'MB', ...ended, ratio: round(ended.ours / ended.peer, 3) }
  } finally {
    await peer.stop()
    command.disconnect()
    control.disconnect()
    await redis.stop()
  }
}

/** As the intake does it, with its record of each object. */
async function fill(queue: Queue, count: number): Promise<void> {
  await queue.ensureGroups([NAME])
  const definition = defineFunction({ name: NAME, version: '1', on: { bucket: 'incoming' } }, (c) =>
    c.json({}),
  )
  const router = createRouter([definition])
  const raws = notificationsOf(count, 'folder').map((raw) => Buffer.from(raw))
  for (let from = 0; from < count; from += AT_ONCE) {
    const settings = { paths: 2, recordTtlMs: 2 * DAY_MS } as const
    for (const plan of planAdmission(raws.slice(from, from + AT_ONCE), router, settings))
      await queue.admit({ ...plan, raws: [] })
  }
}

async function settleAll(queue: Queue, count: number): Promise<void> {
  const wants = [{ functionName: NAME, free: AT_ONCE, lowFirst: 0 }]
  let settlements: Settlement[] = []
  for (let ended = 0; ended < count; ended += settlements.length) {
    const consumer = 'bench:1:00000000-0000-4000-8000-000000000000'
    const request = { consumer, token: randomUUID(), inFlight: 0 }
    const { claims } = await queue.turn({ ...request, settlements: [], wants })
    if (claims.length === 0) throw new Error(`only ${ended} runs were there to claim`)
    settlements = claims.map(({ runId, fence, token }) => ({
      runId,
      fence,
      token,
      kind: 'complete',
      result: '{"ok":true}',
    }))
    await queue.turn({ ...request, token: randomUUID(), settlements, wants: [] })
  }
}

async function usedBytes(redis: Redis): Promise<number> {
  const [, bytes] = /used_memory:(\d+)/.exec(await redis.info('memory')) ?? []
  return Number(bytes)
}
