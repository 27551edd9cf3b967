/** Runs passes when they are due: one process of all at a time, which goes on from where the one before it has stopped. @module */
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
import { isPermanent } from './unreadable.ts'
import { steps, type PassParts, type PassStep } from './pass.ts'

/** So long after the death of a process another goes on. */
const LOCK_MS = 10 * SECOND_MS
/** How long the end of a process waits for the end of a batch. */
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
  /** Begins or goes on with the pass that is due; resolves when it has ended, at once when there is none. */
  readonly look: () => Promise<void>
  /** A server has come back: what happened meanwhile may not have been told of. */
  serverCameBack(): void
  /** Ends the pass that goes on; whoever comes next goes on with it. */
  stop(): void
}

export function createSweeper(parts: SweeperParts): Sweeper {
  const { redis, queue, settings, metrics, log, lockMs = LOCK_MS } = parts
  const store = createSweepStore(redis, queue)
  const lock = createLock(redis, queue.keys.lock('sweep'), lockMs)
  const stopping = new AbortController()
  // The batch that goes on may end, but a store that is away must not hold up the end of this process.
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
    if (failure === undefined) log.info(facts, 'the sweep has come to its end')
    else log.error({ ...facts, error: failure }, 'the sweep could not look at everything')
    return failure === undefined ? 'completed' : 'failed'
  }

  function tell({ objects, healed, unreadable }: PassStep): void {
    metrics.sweepObjects.inc(objects)
    for (const { reason, functionName, bucket, key } of healed) {
      metrics.sweepHealed.inc({ reason })
      log.debug({ reason, function: functionName, object: `${bucket}/${key}` }, 'the sweep has healed a run')
    }
    for (const { object, functionName, error } of unreadable)
      log.warn(
        { object, function: functionName, error: messageOf(error) },
        'the store does not give what would tell the end of an upload',
      )
  }

  /** Also of what other processes have done: the same in all. */
  function expose(state: SweepState): void {
    for (const kind of PASS_KINDS) {
      const endedAtMs = state[kind]?.endedAtMs
      if (endedAtMs !== undefined) metrics.sweepCompleted.set({ kind }, endedAtMs / SECOND_MS)
    }
    // What has failed is of what was found last, too.
    const { full, failed } = state
    const last = failed?.kind === 'full' ? failed : full
    if (!last) return
    for (const reason of REPORT_REASONS) metrics.sweepReported.set({ reason }, last.reported[reason] ?? 0)
  }

  async function look(): Promise<void> {
    if (!(await lock.hold())) return
    const state = await store.read()
    expose(state)
    if (state.pass) return take(state.pass)
    const nowMs = await queue.nowMs()
    const due = duePass(state, wants, settings, nowMs)
    if (!due) return
    const pass = newPass(ulid(), due, state, settings.graceMs, nowMs)
    await store.begin(pass)
    // What comes back from here on wants another one.
    if (isAboutAll(pass)) wants.isRecentWanted = false
    log.debug({ kind: pass.kind, cause: pass.cause }, 'the sweep begins')
    await take(pass)
    expose(await store.read())
  }

  return {
    async look() {
      if (stopping.signal.aborted) return
      await Promise.race([look(), stopped])
    },
    serverCameBack() {
      wants.isRecentWanted = true
    },
    stop: () => stopping.abort(),
  }
}
