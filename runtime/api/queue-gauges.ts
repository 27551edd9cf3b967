/**
 * How full the queue is, read from Redis when somebody asks. Every replica says the same: dashboards take the maximum.
 * @module
 */
import type { Redis } from 'ioredis'
import { Gauge } from 'prom-client'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'
import { openOf, readDepths } from '../queue/depths.ts'
import { readDue } from '../queue/due.ts'
import { readDebtsOwed } from '../queue/outbox.ts'
import type { Queue } from '../queue/queue.ts'

export interface QueueGaugeParts {
  readonly redis: Redis
  readonly queue: Queue
  readonly functionNames: readonly string[]
  readonly registry: RuntimeMetrics['registry']
}

/** Adds the gauges to `registry`; what returns reads them anew. When Redis does not answer they are left out. */
export function createQueueGauges({
  redis,
  queue,
  functionNames,
  registry,
}: QueueGaugeParts): () => Promise<void> {
  const depth = new Gauge({
    name: 'sluice_queue_depth',
    help: 'Runs by function and state: waiting (lanes live, low, solo), running, and dead letters.',
    labelNames: ['function', 'state'],
    registers: [registry],
  })
  const open = new Gauge({
    name: 'sluice_queue_open',
    help: 'Runs that workers have or could begin now: waiting in any lane, running, and retries that are due.',
    labelNames: ['function'],
    registers: [registry],
  })
  const oldest = new Gauge({
    name: 'sluice_queue_oldest_age_seconds',
    help: 'Age of the oldest entry in a function’s live stream, running or waiting; 0 when there is none.',
    labelNames: ['function'],
    registers: [registry],
  })
  const inbox = new Gauge({
    name: 'sluice_inbox_depth',
    help: 'Notifications not yet admitted.',
    registers: [registry],
  })
  const bad = new Gauge({
    name: 'sluice_bad_notifications',
    help: 'Notifications set aside.',
    registers: [registry],
  })
  const delayed = new Gauge({
    name: 'sluice_queue_delayed',
    help: 'Runs that wait for a retry.',
    registers: [registry],
  })
  const owed = new Gauge({
    name: 'sluice_verdicts_owed',
    help: 'Runs whose verdict is not yet in the bucket.',
    registers: [registry],
  })
  const cleanup = new Gauge({
    name: 'sluice_cleanup_owed',
    help: 'Sources and results that may have to be removed (afterSuccess, onDelete) and are not yet.',
    registers: [registry],
  })
  const aside = new Gauge({
    name: 'sluice_debts_set_aside',
    help: 'Debts that can never be paid (verdicts, clean-ups), set aside with their reasons.',
    registers: [registry],
  })
  const { keys } = queue

  async function readFunction(name: string, due: number): Promise<void> {
    const depths = await readDepths(redis, keys, name)
    for (const [state, count] of Object.entries(depths)) depth.set({ function: name, state }, count)
    open.set({ function: name }, openOf(depths, due))
    depth.set({ function: name, state: 'dead' }, await redis.xlen(keys.dead(name)))
    const [first] = await redis.xrange(keys.stream(name, 'live'), '-', '+', 'COUNT', 1)
    oldest.set(
      { function: name },
      first ? Math.max(0, Date.now() - Number(first[0].split('-')[0])) / 1_000 : 0,
    )
  }

  return async () => {
    for (const gauge of [depth, open, oldest, inbox, bad, delayed, owed, cleanup, aside]) gauge.reset()
    inbox.set(await redis.llen(keys.inbox))
    bad.set(await redis.xlen(keys.bad))
    delayed.set(await redis.zcard(keys.delay))
    const { verdicts, cleanups } = await readDebtsOwed(redis, keys)
    owed.set(verdicts)
    cleanup.set(cleanups)
    aside.set(await redis.xlen(keys.aside))
    const due = await readDue(redis, keys)
    for (const name of functionNames) await readFunction(name, due.get(name) ?? 0)
  }
}
