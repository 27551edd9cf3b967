/**
 * Loop 1: notifications in the inbox become runs. An entry leaves the inbox only in the script that has stored its runs.
 * @module
 */
import type { Redis } from 'ioredis'
import type { Config } from '../config.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { RuntimeMetrics } from '../metrics.ts'
import type { Queue } from '../queue/queue.ts'
import { DAY_MS, sleep } from '../time.ts'
import { planAdmission, type PlannedAdmission } from './admission.ts'
import type { Router } from './routing.ts'

/** Measured: 64 admits 47,000 a second; larger ones hold Redis up for longer and gain nothing. */
const BATCH = 64
const BELL_SECONDS = 2
const PAUSE_MS = 1_000

export interface IntakeParts {
  readonly queue: Queue
  /** A connection of its own: it blocks. */
  readonly blocking: Redis
  readonly router: Router
  readonly paths: 1 | 2
  /** How long objects are remembered after their newest event. */
  readonly recordTtlMs: number
  readonly metrics: RuntimeMetrics
  readonly log: Logger
}

/** How long an object is remembered after its newest event, so that a million uploads a day fit. */
const OBJECT_RECORD_MS = 2 * DAY_MS

/** What whoever admits runs has to say besides: the sweep does it as well. */
export function admissionSettings({
  isStrictEvents,
  retentionMs,
}: Pick<Config, 'isStrictEvents' | 'retentionMs'>): Pick<IntakeParts, 'paths' | 'recordTtlMs'> {
  return { paths: isStrictEvents ? 1 : 2, recordTtlMs: Math.min(retentionMs, OBJECT_RECORD_MS) }
}

export interface Intake {
  /** Admits one batch; how many notifications it had. */
  runOnce(): Promise<number>
  /** Resolves when the loop has ended after {@link Intake.stop}. */
  run(): Promise<void>
  stop(): void
}

export function createIntake({ queue, blocking, router, metrics, log, ...rest }: IntakeParts): Intake {
  const stopping = new AbortController()

  async function runOnce(): Promise<number> {
    const raws = await queue.peek(BATCH)
    if (raws.length > 0) await admit(raws)
    return raws.length
  }

  async function admit(raws: readonly Buffer[]): Promise<void> {
    const plan = planAdmission(raws, router, rest)
    const endTimer = metrics.admitSeconds.startTimer()
    const outcomes = await queue.admit(plan)
    endTimer()
    // Another intake was faster: the head is another one now.
    if (outcomes) count(plan, outcomes)
  }

  function count(plan: PlannedAdmission, outcomes: readonly string[]): void {
    const nowMs = Date.now()
    for (const event of plan.events) metrics.eventsReceived.inc({ source: 'minio', event: event.kind })
    plan.jobs.forEach((job, index) => {
      const outcome = outcomes[index] as string
      metrics.admitted.inc({ function: job.functionName, outcome })
      // The second copy comes up to 3 s later and keeps nobody waiting.
      if (outcome === 'new') metrics.eventDelay.observe(Math.max(0, nowMs - job.payload.eventTimeMs) / 1_000)
    })
    for (const reason of plan.dropped) metrics.eventsDropped.inc({ reason })
    for (const { reason } of plan.bad) {
      metrics.eventsDropped.inc({ reason: 'malformed' })
      log.warn(
        { reason },
        `a notification, or a part of it, is none: it was set aside in ${queue.keys.bad}, the rest goes on`,
      )
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        if ((await runOnce()) > 0) continue
        // Moves the head onto itself: it waits for news and nothing can be lost.
        const { inbox } = queue.keys
        const head = await blocking.blmoveBuffer(inbox, inbox, 'LEFT', 'LEFT', BELL_SECONDS)
        // It is the news itself: on an idle runtime it need not be read once more.
        if (head) await admit([head])
      } catch (error) {
        if (stopping.signal.aborted) break
        metrics.intakePauses.inc()
        log.warn(
          { error: messageOf(error) },
          'intake pauses: redis does not take runs; notifications wait where they are',
        )
        await sleep(PAUSE_MS, stopping.signal)
      }
    }
  }

  return {
    runOnce,
    run,
    stop() {
      stopping.abort()
      // A blocked command would hold the stop up; it has nothing to lose.
      blocking.disconnect()
    },
  }
}
