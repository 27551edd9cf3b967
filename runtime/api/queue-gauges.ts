/**
 * Gauges of the queue, read from Redis for each scrape. Every replica reports the same: dashboards take the maximum.
 * @module
 */
import { Gauge } from 'prom-client'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'
import type { Backlog, FunctionBacklog } from '../queue/backlog.ts'

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
  const gauges: Gauge[] = []
  const gauge = (name: string, help: string, ...labelNames: readonly string[]) => {
    const made = new Gauge({ name, help, labelNames, registers: [registry] })
    gauges.push(made)
    return made
  }
  const depth = gauge(
    'sluice_queue_depth',
    'Runs by function and state: waiting (lanes live, low, solo), running, and dead letters.',
    'function',
    'state',
  )
  const open = gauge(
    'sluice_queue_open',
    'Runs that workers have or could start now: waiting in any lane, running, and retries that are due.',
    'function',
  )
  const oldest = gauge(
    'sluice_queue_oldest_age_seconds',
    'Age of the oldest entry in a function’s live stream, running or waiting; 0 when there is none.',
    'function',
  )
  const ofTotals: Readonly<Record<keyof Awaited<ReturnType<Backlog['totals']>>, Gauge>> = {
    inbox: gauge('sluice_inbox_depth', 'Notifications not yet admitted.'),
    bad: gauge('sluice_bad_notifications', 'Notifications set aside.'),
    delayed: gauge('sluice_queue_delayed', 'Runs waiting for a retry.'),
    verdicts: gauge('sluice_verdicts_owed', 'Runs whose verdict is not in the bucket yet.'),
    cleanups: gauge(
      'sluice_cleanup_owed',
      'Sources and results still to be checked for removal (afterSuccess, onDelete).',
    ),
    aside: gauge(
      'sluice_debts_set_aside',
      'Verdicts and cleanups that can never succeed, set aside with their reasons.',
    ),
  }

  async function readFunctions(): Promise<void> {
    // Together: one after the other would be as many round trips as there are functions.
    const oldestOf = functionNames.map((name) => backlog.oldestMs(name))
    const [ofFunctions, oldestMsOf] = await Promise.all([
      backlog.ofFunctions(functionNames),
      Promise.all(oldestOf),
    ])
    for (const [at, name] of functionNames.entries()) {
      const { open: openRuns, ...states } = ofFunctions.get(name) as FunctionBacklog
      for (const [state, count] of Object.entries(states)) depth.set({ function: name, state }, count)
      open.set({ function: name }, openRuns)
      const oldestMs = oldestMsOf[at]
      const ageMs = oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs)
      oldest.set({ function: name }, ageMs / 1_000)
    }
  }

  return async () => {
    for (const each of gauges) each.reset()
    for (const [name, count] of Object.entries(await backlog.totals()))
      ofTotals[name as keyof typeof ofTotals].set(count)
    await readFunctions()
  }
}
