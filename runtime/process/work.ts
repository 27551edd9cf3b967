/** The worker process: attempts, and the chores beside them. @module */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { verdictDebt } from '../queue/debts.ts'
import type { Closers } from './lifecycle.ts'
import { createLimitStore } from '../records/limits.ts'
import { functionMetrics } from '../telemetry/metrics.ts'
import { hearToolLines } from '../function/tool-lines.ts'
import { connectRedis } from '../queue/redis.ts'
import { subscribeToWakeUps } from '../queue/wake-up.ts'
import { SECOND_MS } from '../time.ts'
import { createAttempt } from '../worker/attempt/attempt.ts'
import { createTelling } from '../queue/changes.ts'
import { serveOnlookers } from '../worker/onlookers.ts'
import { createPresence, renewLeases } from '../worker/presence.ts'
import { createChildListener } from '../worker/working-children.ts'
import { startChores } from '../upkeep/chores.ts'
import { createInFlight } from '../worker/in-flight.ts'
import { ownFolder } from '../owned-folder.ts'
import { scratchOf } from '../worker/attempt/scratch.ts'
import { createRangeProxy } from '../worker/source/proxy.ts'
import { createStandstillWatch } from '../worker/standstill.ts'
import { createStrays, strayLimit } from '../worker/strays.ts'
import { createWorker } from '../worker/worker.ts'
import type { Connect } from './child.ts'
import type { Parts } from './parts.ts'
import { createUpkeep } from '../upkeep/upkeep.ts'

const WATCH_MS = 250

/**
 * Starts. The function that it returns drains: it resolves when every attempt has ended or was handed back.
 *
 * @param end - asks for the end: the supervisor is gone, or this process is of no more use
 */
export async function work(
  parts: Parts,
  closers: Closers,
  end: () => void,
  connect: Connect,
): Promise<() => Promise<void>> {
  const { config, queue, metrics, log } = parts
  const served = config.functionNames
  const functions = parts.functions.filter(({ name }) => served.length === 0 || served.includes(name))
  const names = functions.map(({ name }) => name)
  const consumer = `${hostname()}:${process.pid}:${randomUUID()}`
  const link = connect({
    registries: [metrics.registry, functionMetrics],
    onOrphaned: end,
    consumer,
  })
  closers.add('link', () => link.close())
  const scratchParent = scratchOf(config.scratchDir, process.pid)
  await ownFolder(scratchParent)

  const inFlight = createInFlight(config.leaseMs)
  const standstill = createStandstillWatch({ everyMs: WATCH_MS })
  const strays = createStrays({
    limit: strayLimit(functions.reduce((sum, { concurrency }) => sum + concurrency, 0)),
    onChange: (functionName, step) => metrics.strays.inc({ function: functionName }, step),
    onTooMany(count) {
      log.error(
        { count },
        'too many handlers ignore their signal: this worker drains and ends, and another is started',
      )
      // The supervisor starts another one.
      end()
    },
  })
  const upkeep = createUpkeep(parts, names)
  const { contact, debts } = upkeep
  let verdicts = Promise.resolve()
  const proxy = createRangeProxy(log)
  closers.add('range proxy', () => proxy.close())
  const presence = createPresence({
    ...parts,
    limitStore: createLimitStore(parts.storage, queue),
    consumer,
    functions,
    onChange: () => worker.wake(),
  })
  const worker = createWorker({
    queue,
    consumer,
    functions,
    allFunctions: parts.functions,
    limits: () => presence.limits,
    inFlight,
    contact,
    attempt: createAttempt({ ...parts, scratchParent, proxy, strays }),
    onEndedWithoutResult(runIds) {
      const written = debts.payNow(runIds.map(verdictDebt))
      verdicts = Promise.all([
        verdicts,
        written.catch((error: Error) => log.debug({ error: error.message }, 'verdicts postponed')),
      ]).then(() => undefined)
    },
    metrics,
    log,
  })

  const payDebts = () =>
    void debts.payDue().catch((error: Error) => log.debug({ error: error.message }, 'cleanup postponed'))
  const announceNow = () =>
    void presence
      .announce()
      .catch((error: Error) => log.debug({ error: error.message }, 'presence not announced; retrying'))
  const wakeUps = connectRedis(config.redisUrl, 'block', log)
  closers.add('redis wake-ups', () => wakeUps.disconnect())
  const stopWork = subscribeToWakeUps(wakeUps, queue.keys, consumer, {
    onReady() {
      announceNow()
      worker.wake()
    },
    onRefused: (error) => log.warn({ error: error.message }, 'cannot subscribe to wake-ups; polling instead'),
    onWord(word) {
      const [kind, runId = '', fence] = word.split(':')
      const run = kind === 'cancel' ? inFlight.find(runId) : undefined
      // The message may arrive after the next attempt has begun, which it is not about.
      if (run && run.claim.fence === fence) inFlight.abort(run, 'cancelled', 'cancelled on request')
      if (word === 'limits') announceNow()
      if (word === 'tidy' || word === 'verdicts') payDebts()
      if (word === 'reclaimed') worker.wake()
    },
    onWork: (functionName) => worker.wake(functionName),
  })

  const hearChildren = createChildListener(inFlight)
  const telling = createTelling(parts.redis, queue.keys)
  hearToolLines((signal, line) => inFlight.findBySignal(signal)?.lines.add(line))

  const stopChores = startChores(
    [
      { name: 'presence', everyMs: SECOND_MS, run: () => presence.announce() },
      {
        name: 'leases',
        everyMs: WATCH_MS,
        run() {
          standstill.sample()
          inFlight.watchLeases((fromMs) => standstill.since(fromMs), strays.count)
        },
      },
      {
        name: 'watch',
        everyMs: WATCH_MS,
        run: async () => {
          await hearChildren()
          inFlight.watch()
        },
      },
      {
        name: 'heartbeat',
        everyMs: config.leaseMs / 3,
        run: () => renewLeases(queue, consumer, inFlight, contact),
      },
      {
        name: 'onlookers',
        everyMs: SECOND_MS,
        run: () => serveOnlookers({ queue, telling, consumer, inFlight, contact }),
      },
      ...upkeep.chores,
    ],
    log,
  )

  const ended = worker.run()
  link.ready()
  return async () => {
    metrics.draining.set(1)
    debts.stop()
    stopWork()
    worker.drain(config.drainMs)
    await ended
    await verdicts
    await stopChores()
  }
}
