/** Runs passes when they are due: one process of all at a time, which goes on from where the one before it has stopped. @module */
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { ulid } from 'ulid'
import type { Logger } from '../logger.ts'
import type { RuntimeMetrics } from '../metrics.ts'
import { createDuty } from '../queue/duty.ts'
import { SECOND_MS, sleep } from '../time.ts'
import { REPORT_REASONS } from './decide.ts'
import { duePass, newPass, type DueSettings } from './due.ts'
import { steps, type PassParts } from './pass.ts'
import { createSweepStore, isAboutAll, PASS_KINDS, type Pass, type SweepState } from './store.ts'

/** Longer than a batch takes; when it does take longer, two do the same, which harms nothing. */
const DUTY_MS = 10 * SECOND_MS
/** At most so long does a pass rest between two batches. */
const LONGEST_REST_MS = SECOND_MS
/** How long the end of a process waits for the end of a batch. */
const LAST_BATCH_MS = 2 * SECOND_MS

export interface SweeperParts extends Omit<PassParts, 'graceMs'> {
  readonly redis: Redis
  readonly settings: DueSettings
  readonly metrics: RuntimeMetrics
  readonly log: Logger
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
  const { redis, queue, settings, metrics, log } = parts
  const store = createSweepStore(redis, queue)
  const duty = createDuty(redis, queue.keys.duty('sweep'), DUTY_MS)
  const stopping = new AbortController()
  // The batch that goes on may end, but a store that is away must not hold up the end of this process.
  const stopped = once(stopping.signal, 'abort').then(() =>
    setTimeout(LAST_BATCH_MS, undefined, { ref: false }),
  )
  const wants = { isFullWanted: true, isRecentWanted: false }

  async function take(pass: Pass): Promise<void> {
    if (pass.kind === 'full' && isAboutAll(pass)) wants.isFullWanted = false
    try {
      const ended = await run(pass)
      metrics.sweepPasses.inc({ kind: pass.kind, outcome: ended ? 'completed' : 'interrupted' })
    } catch (error) {
      metrics.sweepPasses.inc({ kind: pass.kind, outcome: 'interrupted' })
      throw error
    }
  }

  /** Whether it came to its end. */
  async function run(start: Pass): Promise<boolean> {
    let pass = start
    let stepAtMs = performance.now()
    for await (const step of steps({ ...parts, graceMs: settings.graceMs }, start)) {
      pass = step.pass
      metrics.sweepObjects.inc(step.objects)
      for (const { reason, functionName, bucket, key } of step.healed) {
        metrics.sweepHealed.inc({ reason })
        log.info({ reason, function: functionName, object: `${bucket}/${key}` }, 'the sweep has healed a run')
      }
      // Another process is at it by now, from where this one was; or Redis has forgotten what was done so far.
      if (!(await duty.isMine()) || !(await store.save(pass))) return false
      // Half of the time belongs to the intake, which lives in the same process.
      await sleep(Math.min(performance.now() - stepAtMs, LONGEST_REST_MS), stopping.signal)
      if (stopping.signal.aborted) return false
      stepAtMs = performance.now()
    }
    const ended = { ...pass, endedAtMs: await queue.nowMs() }
    if (!(await store.end(ended))) return false
    const { kind, cause, objects, runs, healed, reported } = ended
    log.info({ kind, cause, objects, runs, healed, reported }, 'the sweep has come to its end')
    return true
  }

  /** Also of what other processes have done: the same in all. */
  function expose(state: SweepState): void {
    for (const kind of PASS_KINDS) {
      const endedAtMs = state[kind]?.endedAtMs
      if (endedAtMs !== undefined) metrics.sweepCompleted.set({ kind }, endedAtMs / SECOND_MS)
    }
    if (!state.full) return
    for (const reason of REPORT_REASONS)
      metrics.sweepReported.set({ reason }, state.full.reported[reason] ?? 0)
  }

  async function look(): Promise<void> {
    if (!(await duty.isMine())) return
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
