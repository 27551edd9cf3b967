/**
 * The intake: notifications in the inbox become runs. A notification leaves the inbox only in the script that stores its runs.
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
import { TEXT_MAX_BYTES } from '../queue/inbox.ts'
import type { Queue } from '../queue/queue.ts'
import { sleep } from '../time.ts'
import { planAdmission, type PlannedAdmission, planText } from './admission.ts'
import { rememberHeard } from './heard.ts'
import { ANNOUNCEMENTS_KEPT_MS } from '../queue/announcement.ts'
import type { Router } from '../function/routing.ts'

const WAIT_SECONDS = 2
/** Notifications that follow each other more closely than this are gathered for {@link GATHER_MS}: a batch costs little more than one. */
const QUIET_MS = 50
const GATHER_MS = 10
const PAUSE_MS = 1_000

interface IntakeParts {
  /** Stays the same after a restart, and belongs to no other intake. */
  readonly name: string
  readonly queue: Queue
  /** A connection of its own, which blocks. */
  readonly blocking: Redis
  readonly router: Router
  readonly paths: 1 | 2
  /** How long the events of an object are kept after the newest one. */
  readonly recordTtlMs: number
  readonly metrics: RuntimeMetrics
  readonly log: Logger
}

/** The settings of an admission, for the intake and the sweep. */
export function admissionSettings({
  isStrictEvents,
  retentionMs,
}: Pick<Config, 'isStrictEvents' | 'retentionMs'>): Pick<IntakeParts, 'paths' | 'recordTtlMs'> {
  return { paths: isStrictEvents ? 1 : 2, recordTtlMs: Math.min(retentionMs, ANNOUNCEMENTS_KEPT_MS) }
}

export interface Intake {
  /** Admits one batch; returns the number of its notifications. */
  runOnce(): Promise<number>
  /** Resolves when the loop has ended after {@link Intake.stop}. */
  run(): Promise<void>
  stop(): void
}

export function createIntake({ name, queue, blocking, router, metrics, log, ...rest }: IntakeParts): Intake {
  const stopping = new AbortController()
  const reader = { intake: name, process: randomUUID() }
  const inbox = createInboxWait(blocking, TEXT_MAX_BYTES)
  const known =
    rest.paths === 2
      ? rememberHeard(
          (raw) => planText(raw, router),
          ({ bad }) => bad.length === 0,
        )
      : undefined
  let admittedAtMs = -Infinity
  let isBusy = false
  /** The last admission has left nothing in the list: it need not be read again before the wait. */
  let isEmptied = false

  async function runOnce(): Promise<number> {
    const { texts, setAside } = await queue.readInbox(reader)
    for (const reason of setAside) reportSetAside(reason, 'unread')
    if (texts.length > 0) await admit(texts)
    return texts.length + setAside.length
  }

  async function admit(raws: readonly Buffer[]): Promise<void> {
    const nowMs = performance.now()
    isBusy = nowMs - admittedAtMs < QUIET_MS
    admittedAtMs = nowMs
    isEmptied = false
    for (const plan of planAdmission(raws, router, rest, known)) {
      const endTimer = metrics.admitSeconds.startTimer()
      const admitted = await queue.admitHead({ ...plan, intake: name })
      endTimer()
      // Another intake was faster: the head has changed.
      if (!admitted) return
      count(plan, admitted.outcomes)
      isEmptied = admitted.isEmptied
      if (plan.raws.length === 0) await setImmediate()
    }
  }

  function reportSetAside(reason: string, label: 'unread' | 'malformed'): void {
    metrics.eventsDropped.inc({ reason: label })
    log.warn({ reason }, `malformed notification set aside in ${queue.keys.bad}; the rest was processed`)
  }

  function count(plan: PlannedAdmission, outcomes: readonly string[]): void {
    const nowMs = Date.now()
    for (const event of plan.events) metrics.eventsReceived.inc({ source: 'minio', event: event.kind })
    plan.runs.forEach((run, index) => {
      const outcome = outcomes[index] as string
      metrics.admitted.inc({ function: run.functionName, outcome })
      // The second copy arrives up to 3 s later and delays nothing.
      if (outcome === 'new') metrics.eventDelay.observe(Math.max(0, nowMs - run.payload.eventTimeMs) / 1_000)
    })
    for (const reason of plan.dropped) metrics.eventsDropped.inc({ reason })
    for (const { reason } of plan.bad) reportSetAside(reason, 'malformed')
    const unplaced = plan.runs.filter((_, index) => outcomes[index] === 'unplaced')
    if (unplaced.length > 0)
      log.error(
        { functions: [...new Set(unplaced.map(({ functionName }) => functionName))], runs: unplaced.length },
        'the key of a stream in Redis has another type: runs of its function wait until the key is removed',
      )
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        if (isBusy && isEmptied) await sleep(GATHER_MS, stopping.signal)
        const isEmpty = isEmptied && !isBusy
        isBusy = false
        if (!isEmpty && (await runOnce()) > 0) continue
        if (stopping.signal.aborted) break
        isEmptied = false
        const head = await inbox.wait(queue.keys.inbox, WAIT_SECONDS)
        // On an idle runtime this saves reading it again.
        if (head) await admit([head])
      } catch (error) {
        if (stopping.signal.aborted) break
        metrics.intakePauses.inc()
        log.warn(
          { error: messageOf(error) },
          'intake pauses: redis does not accept runs; notifications wait in the inbox',
        )
        await sleep(PAUSE_MS, stopping.signal)
      }
    }
    await queue
      .leaveInbox(name)
      .catch((error: unknown) =>
        log.debug({ error: messageOf(error) }, 'redis is away: this intake may be taken for one that died'),
      )
  }

  return {
    runOnce,
    run,
    stop() {
      stopping.abort()
      // A blocked command would delay the stop, and has nothing to lose.
      blocking.disconnect()
    },
  }
}

/** The same name after a restart by the supervisor, and a different one in every other process. */
export function intakeName(): string {
  return [hostname(), namespaceOfProcesses(), process.ppid].join(' ')
}

/** Containers may share a host name, and each counts its processes from 1. */
function namespaceOfProcesses(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
