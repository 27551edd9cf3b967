/** The worker process: attempts, and the chores beside them. @module */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { createRouter } from '../intake/routing.ts'
import type { Closers } from '../lifecycle.ts'
import { createLimitStore } from '../limits/store.ts'
import { functionMetrics } from '../metrics.ts'
import type { Queue } from '../queue/queue.ts'
import { connectRedis } from '../queue/redis.ts'
import { MINUTE_MS, SECOND_MS } from '../time.ts'
import { createAttempt } from '../worker/attempt/attempt.ts'
import { createAttendance } from '../worker/attendance.ts'
import { createChildListener } from '../worker/child-listener.ts'
import { createContact } from '../worker/contact.ts'
import { startChores } from '../worker/housekeeping.ts'
import { createInFlight } from '../worker/in-flight.ts'
import { renewLeases } from '../worker/lease.ts'
import { createVerdictWriter } from '../worker/owed-verdicts.ts'
import { ownFolder, scratchOf } from '../worker/attempt/scratch.ts'
import { createRangeProxy } from '../worker/source/proxy.ts'
import { createTidy } from '../worker/tidy.ts'
import { createWorker } from '../worker/worker.ts'
import { linkToSupervisor } from './child.ts'
import type { Parts } from './parts.ts'
import { lookAtRemovalNow, lookNow } from './sweeping.ts'

/** How often a run may take its worker down with it, running alone, until it is given up. */
const MAX_CRASHES = 3
const PROMOTE_AT_ONCE = 1_000
const PRUNE_AT_ONCE = 1_000
/** In one pass; more wait for the next. */
const PRUNE_MAX = 50_000

/** Starts; what it returns drains: it resolves when every attempt has ended or was handed back. */
export async function work(
  parts: Parts,
  closers: Closers,
  onOrphaned: () => void,
): Promise<() => Promise<void>> {
  const { config, queue, metrics, log } = parts
  const served = config.functionNames
  const functions = parts.functions.filter(({ name }) => served.length === 0 || served.includes(name))
  const names = functions.map(({ name }) => name)
  const consumer = `${hostname()}:${process.pid}:${randomUUID()}`
  const link = linkToSupervisor([metrics.registry, functionMetrics], onOrphaned)
  closers.add('link', () => link.close())
  const scratchParent = scratchOf(config.scratchDir, process.pid)
  await ownFolder(scratchParent)

  const inFlight = createInFlight(config.leaseMs)
  const contact = createContact(Math.min(5 * SECOND_MS, config.leaseMs / 2))
  const proxy = createRangeProxy(log)
  closers.add('range proxy', () => proxy.close())
  const writeVerdicts = createVerdictWriter(parts)
  const attendance = createAttendance({
    ...parts,
    limitStore: createLimitStore(parts.storage, queue),
    consumer,
    functions,
    onChange: () => worker.ring(),
  })
  const worker = createWorker({
    queue,
    consumer,
    functions,
    allFunctions: parts.functions,
    limits: () => attendance.limits,
    inFlight,
    contact,
    attempt: createAttempt({ ...parts, consumer, scratchParent, proxy }),
    onEndedWithoutResult: () => {
      writeVerdicts().catch((error: Error) => log.debug({ error: error.message }, 'verdicts stay owed'))
    },
    metrics,
    log,
  })

  const tidy = createTidy({
    ...parts,
    router: createRouter(parts.functions),
    look: (bucket, key) => lookNow(parts, bucket, key),
    lookAtRemoval: (removal) => lookAtRemovalNow(parts, removal),
  })
  const tidyNow = () =>
    void tidy().catch((error: Error) => log.debug({ error: error.message }, 'what is owed stays owed'))
  const attendNow = () =>
    void attendance
      .attend()
      .catch((error: Error) => log.debug({ error: error.message }, 'limits are asked for again'))
  const rings = connectRedis(config.redisUrl, 'block', log)
  closers.add('redis rings', () => rings.disconnect())
  rings.on('ready', () => {
    rings.subscribe(queue.keys.wake).then(
      () => attendNow(),
      (error: Error) => log.warn({ error: error.message }, 'no rings'),
    )
  })
  rings.on('message', (_channel, word: string) => {
    const [kind, runId = '', fence] = word.split(':')
    const run = kind === 'cancel' ? inFlight.find(runId) : undefined
    // The word may come after the next attempt has begun, which it does not mean.
    if (run && run.claim.fence === fence) inFlight.abort(run, 'cancelled', 'cancelled on request')
    if (word === 'limits') attendNow()
    if (word === 'tidy') tidyNow()
    if (names.includes(word) || word === 'reclaimed') worker.ring()
  })

  const hearChildren = createChildListener(inFlight)

  const stopChores = startChores(
    [
      { name: 'attend', everyMs: SECOND_MS, run: () => attendance.attend() },
      {
        name: 'watch',
        everyMs: 250,
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
        name: 'promote',
        everyMs: Math.min(SECOND_MS, config.leaseMs / 8),
        run: async () => {
          const { nowMs } = await queue.promote(PROMOTE_AT_ONCE)
          contact.touched(nowMs)
        },
      },
      { name: 'tidy', everyMs: SECOND_MS, run: tidy },
      { name: 'verdicts', everyMs: SECOND_MS, run: writeVerdicts },
      {
        name: 'reclaim',
        everyMs: config.leaseMs / 6,
        run: async () => {
          if (contact.forMs() < config.leaseMs) return
          const reclaimed = await queue.reclaim({
            leaseMs: config.leaseMs,
            maxCrashes: MAX_CRASHES,
            heardAtMs: contact.redisMs,
            heardWithinMs: contact.gapMs,
            functionNames: names,
          })
          for (const taken of reclaimed) {
            metrics.reclaimed.inc({ function: taken.functionName, outcome: taken.became })
            if (taken.became === 'dead')
              metrics.deadLetters.inc({ function: taken.functionName, reason: 'crash-loop' })
            const { runId: run, functionName, became, lostWorker } = taken
            log.warn(
              { function: functionName, run, became, lostWorker },
              'a worker was lost: its run was taken back',
            )
          }
        },
      },
      {
        name: 'prune',
        everyMs: MINUTE_MS,
        run: async () => {
          metrics.janitorRemoved.inc({ what: 'runs' }, await pruneSome(queue, config))
        },
      },
    ],
    log,
  )

  const ended = worker.run()
  link.ready()
  return async () => {
    metrics.draining.set(1)
    worker.drain(config.drainMs)
    await ended
    await writeVerdicts().catch((error: Error) => log.info({ error: error.message }, 'verdicts stay owed'))
    await stopChores()
  }
}

/** One pass over what is old, passing over what is still owed a verdict; how many runs were forgotten. */
async function pruneSome(queue: Queue, { retentionMs, retentionRuns }: Parts['config']): Promise<number> {
  let passed = 0
  let pruned = 0
  while (pruned < PRUNE_MAX) {
    const { forgotten, examined } = await queue.prune(retentionMs, retentionRuns, PRUNE_AT_ONCE, passed)
    pruned += forgotten
    if (examined < PRUNE_AT_ONCE) break
    passed += examined - forgotten
  }
  return pruned
}
