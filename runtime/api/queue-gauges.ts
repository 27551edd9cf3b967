/**
 * Gauges of the queue, read from Redis for each scrape. Every replica reports the same: dashboards take the maximum.
 * @module
 */
import { Gauge } from 'prom-client'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'
import type { Backlog } from '../queue/backlog.ts'

export interface QueueGaugeParts {
  readonly backlog: Backlog
  readonly functionNames: readonly string[]
  readonly registry: RuntimeMetrics['registry']
}

/** Adds the gauges to `registry` and returns a function that updates them. While Redis does not answer they are left out. */
export function createQueueGauges({
  backlog,
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
    help: 'Runs that workers have or could start now: waiting in any lane, running, and retries that are due.',
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
    help: 'Runs waiting for a retry.',
    registers: [registry],
  })
  const owed = new Gauge({
    name: 'sluice_verdicts_owed',
    help: 'Runs whose verdict is not in the bucket yet.',
    registers: [registry],
  })
  const cleanup = new Gauge({
    name: 'sluice_cleanup_owed',
    help: 'Sources and results still to be checked for removal (afterSuccess, onDelete).',
    registers: [registry],
  })
  const aside = new Gauge({
    name: 'sluice_debts_set_aside',
    help: 'Verdicts and cleanups that can never succeed, set aside with their reasons.',
    registers: [registry],
  })
  async function readFunctions(): Promise<void> {
    for (const [name, { open: openRuns, ...states }] of await backlog.ofFunctions(functionNames)) {
      for (const [state, count] of Object.entries(states)) depth.set({ function: name, state }, count)
      open.set({ function: name }, openRuns)
      const oldestMs = await backlog.oldestMs(name)
      const ageMs = oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs)
      oldest.set({ function: name }, ageMs / 1_000)
    }
  }

  return async () => {
    for (const gauge of [depth, open, oldest, inbox, bad, delayed, owed, cleanup, aside]) gauge.reset()
    const totals = await backlog.totals()
    inbox.set(totals.inbox)
    bad.set(totals.bad)
    delayed.set(totals.delayed)
    owed.set(totals.verdicts)
    cleanup.set(totals.cleanups)
    aside.set(totals.aside)
    await readFunctions()
  }
}
