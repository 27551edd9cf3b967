/** Runs passes when they are due: one process at a time, which continues where the one before it stopped. @module */
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Redis } from '../../queue/redis.ts'
import { ulid } from 'ulid'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { RuntimeMetrics } from '../../telemetry/metrics.ts'
import { createLock } from '../../queue/lock.ts'
import { SECOND_MS } from '../../time.ts'
import {
  REPORT_REASONS,
  createSweepStore,
  isAboutAll,
  PASS_KINDS,
  type Pass,
  type SweepState,
} from '../../queue/sweeps.ts'
import { duePass, newPass, paced, type DueSettings } from './due.ts'
import { isPermanent } from './examine.ts'
import { steps, type PassParts, type PassStep } from './pass.ts'

/** How long after the death of a process another one continues. */
const LOCK_MS = 10 * SECOND_MS
/** How long a process that ends waits for the end of a batch. */
const LAST_BATCH_MS = 2 * SECOND_MS

export interface SweeperParts extends Omit<PassParts, 'graceMs'> {
  readonly redis: Redis
  readonly settings: DueSettings
  readonly metrics: RuntimeMetrics
  readonly log: Logger
  /** @defaultValue 10 s */
  readonly lockMs?: number
}

export interface Sweeper {
  /** Starts or continues the pass that is due; resolves when it has ended, at once when there is none. */
  readonly runDue: () => Promise<void>
  /** A server has come back: events of the meantime may be lost. */
  serverCameBack(): void
  /** Stops the pass in progress; the next process continues it. */
  stop(): void
}

export function createSweeper(parts: SweeperParts): Sweeper {
  const { redis, queue, settings, metrics, log, lockMs = LOCK_MS } = parts
  const store = createSweepStore(redis, queue)
  const lock = createLock(redis, queue.keys.lock('sweep'), lockMs)
  const stopping = new AbortController()
  // The batch in progress may end, but a store that is away must not delay the end of this process.
  const stopped = once(stopping.signal, 'abort').then(() => wait(LAST_BATCH_MS, undefined, { ref: false }))
  const wants = { isFullWanted: true, isRecentWanted: false }

  async function take(pass: Pass): Promise<void> {
    if (pass.kind === 'full' && isAboutAll(pass)) wants.isFullWanted = false
    // A batch may take longer than the lock is good for: a store may be slow.
    const keeping = setInterval(() => void lock.hold().catch(() => undefined), lockMs / 3)
    let outcome: 'completed' | 'failed' | 'interrupted' = 'interrupted'
    try {
      outcome = await run(pass)
    } finally {
      clearInterval(keeping)
      metrics.sweepPasses.inc({ kind: pass.kind, outcome })
    }
  }

  async function run(start: Pass): Promise<'completed' | 'failed' | 'interrupted'> {
    let pass = start
    try {
      for await (const step of paced(
        steps({ ...parts, graceMs: settings.graceMs }, start),
        stopping.signal,
      )) {
        pass = step.pass
        tell(step)
        // Another process is at it by now, from where this one was; or Redis has forgotten what was done so far.
        if (!(await lock.hold()) || !(await store.save(pass))) return 'interrupted'
      }
      if (stopping.signal.aborted) return 'interrupted'
    } catch (error) {
      // It would end there again and again, and no other pass would ever begin.
      if (!isPermanent(error)) throw error
      pass = { ...pass, failure: messageOf(error) }
    }
    const ended = await store.end({ ...pass, endedAtMs: await queue.nowMs() })
    if (!ended) return 'interrupted'
    const { kind, cause, objects, runs, healed, reported, failure } = ended
    const facts = { kind, cause, objects, runs, healed, reported }
    if (failure === undefined) log.info(facts, 'sweep completed')
    else log.error({ ...facts, error: failure }, 'sweep failed: it could not check everything')
    return failure === undefined ? 'completed' : 'failed'
  }

  function tell({ objects, healed, unreadable }: PassStep): void {
    metrics.sweepObjects.inc(objects)
    for (const { reason, functionName, bucket, key } of healed) {
      metrics.sweepHealed.inc({ reason })
      log.debug({ reason, function: functionName, object: `${bucket}/${key}` }, 'the sweep healed a run')
    }
    for (const { object, functionName, error } of unreadable)
      log.warn(
        { object, function: functionName, error: messageOf(error) },
        'the store does not return the objects that would tell what became of an upload',
      )
  }

  /** Includes passes of other processes: the same in all. */
  function expose(state: SweepState): void {
    for (const kind of PASS_KINDS) {
      const endedAtMs = state[kind]?.endedAtMs
      if (endedAtMs !== undefined) metrics.sweepCompleted.set({ kind }, endedAtMs / SECOND_MS)
    }
    // A failed pass may have the newest findings.
    const { full, failed } = state
    const last = failed?.kind === 'full' ? failed : full
    if (!last) return
    for (const reason of REPORT_REASONS) metrics.sweepReported.set({ reason }, last.reported[reason] ?? 0)
  }

  async function runDue(): Promise<void> {
    if (!(await lock.hold())) return
    const state = await store.read()
    expose(state)
    if (state.pass) return take(state.pass)
    const nowMs = await queue.nowMs()
    const due = duePass(state, wants, settings, nowMs)
    if (!due) return
    const pass = newPass(ulid(), due, state, settings.graceMs, nowMs)
    await store.begin(pass)
    // A server that comes back from now on needs another pass.
    if (isAboutAll(pass)) wants.isRecentWanted = false
    log.debug({ kind: pass.kind, cause: pass.cause }, 'sweep started')
    await take(pass)
    expose(await store.read())
  }

  return {
    async runDue() {
      if (stopping.signal.aborted) return
      await Promise.race([runDue(), stopped])
    },
    serverCameBack() {
      wants.isRecentWanted = true
    },
    stop: () => stopping.abort(),
  }
}
