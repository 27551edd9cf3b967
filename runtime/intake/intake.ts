/**
 * Loop 1: notifications in the inbox become runs. An entry leaves the inbox only in the script that has stored its runs.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Redis } from '../queue/redis.ts'
import { createInboxWait } from '../queue/wake-up.ts'
import type { Config } from '../settings/config.ts'
import { messageOf } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'
import { TEXT_MAX_BYTES } from '../queue/inbox-commands.ts'
import type { Queue } from '../queue/queue.ts'
import { sleep } from '../time.ts'
import { planAdmission, type PlannedAdmission } from './admission.ts'
import { ANNOUNCEMENTS_KEPT_MS } from '../queue/announcement.ts'
import type { Router } from '../function/routing.ts'

const WAIT_SECONDS = 2
const PAUSE_MS = 1_000

export interface IntakeParts {
  /** The same after a restart, and no other intake's. */
  readonly name: string
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

/** What whoever admits runs has to say besides: the sweep does it as well. */
export function admissionSettings({
  isStrictEvents,
  retentionMs,
}: Pick<Config, 'isStrictEvents' | 'retentionMs'>): Pick<IntakeParts, 'paths' | 'recordTtlMs'> {
  return { paths: isStrictEvents ? 1 : 2, recordTtlMs: Math.min(retentionMs, ANNOUNCEMENTS_KEPT_MS) }
}

export interface Intake {
  /** Admits one batch; how many notifications it had. */
  runOnce(): Promise<number>
  /** Resolves when the loop has ended after {@link Intake.stop}. */
  run(): Promise<void>
  stop(): void
}

export function createIntake({ name, queue, blocking, router, metrics, log, ...rest }: IntakeParts): Intake {
  const stopping = new AbortController()
  const reader = { intake: name, process: randomUUID() }
  const inbox = createInboxWait(blocking, TEXT_MAX_BYTES)

  async function runOnce(): Promise<number> {
    const { texts, setAside } = await queue.readInbox(reader)
    for (const reason of setAside) tellSetAside(reason, 'unread')
    if (texts.length > 0) await admit(texts)
    return texts.length + setAside.length
  }

  async function admit(raws: readonly Buffer[]): Promise<void> {
    for (const plan of planAdmission(raws, router, rest)) {
      const endTimer = metrics.admitSeconds.startTimer()
      const outcomes = await queue.admit({ ...plan, intake: name })
      endTimer()
      // Another intake was faster: the head is another one now.
      if (!outcomes) return
      count(plan, outcomes)
      if (plan.raws.length === 0) await setImmediate()
    }
  }

  function tellSetAside(reason: string, label: 'unread' | 'malformed'): void {
    metrics.eventsDropped.inc({ reason: label })
    log.warn(
      { reason },
      `a notification, or a part of it, cannot be used: it was set aside in ${queue.keys.bad}, and the rest is processed`,
    )
  }

  function count(plan: PlannedAdmission, outcomes: readonly string[]): void {
    const nowMs = Date.now()
    for (const event of plan.events) metrics.eventsReceived.inc({ source: 'minio', event: event.kind })
    plan.runs.forEach((run, index) => {
      const outcome = outcomes[index] as string
      metrics.admitted.inc({ function: run.functionName, outcome })
      // The second copy comes up to 3 s later and keeps nobody waiting.
      if (outcome === 'new') metrics.eventDelay.observe(Math.max(0, nowMs - run.payload.eventTimeMs) / 1_000)
    })
    for (const reason of plan.dropped) metrics.eventsDropped.inc({ reason })
    for (const { reason } of plan.bad) tellSetAside(reason, 'malformed')
    const unplaced = plan.runs.filter((_, index) => outcomes[index] === 'unplaced')
    if (unplaced.length > 0)
      log.error(
        { functions: [...new Set(unplaced.map(({ functionName }) => functionName))], runs: unplaced.length },
        'the key of a stream in Redis is of another type: runs of its function wait until it is removed',
      )
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        if ((await runOnce()) > 0 || stopping.signal.aborted) continue
        const head = await inbox.wait(queue.keys.inbox, WAIT_SECONDS)
        // On an idle runtime it need not be read once more.
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
    await queue
      .leaveInbox(name)
      .catch((error: unknown) =>
        log.debug({ error: messageOf(error) }, 'redis is away: others may take this for a process that died'),
      )
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

/** The same when this process is started again by its supervisor, and nobody else's. */
export function intakeName(): string {
  return [hostname(), namespaceOfProcesses(), process.ppid].join(' ')
}

/** Containers may share a host's name, and count their processes from 1 each. */
function namespaceOfProcesses(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
