/** Adds the runs of jobs to the queue, or cancels them, at the rate asked for. Any serving process may; each job has one at a time. @module */
import { randomUUID } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Queue } from '../../queue/queue.ts'
import { SECOND_MS, sleep } from '../../time.ts'
import type { JobRecord, JobStore } from '../../queue/jobs.ts'

const STEP = 64
const HOLD_MS = 15 * SECOND_MS
/** A longer wait is split, so that the hold is renewed and a cancelled job ends soon. */
const LONGEST_WAIT_MS = SECOND_MS

export interface JobRunnerParts {
  readonly queue: Queue
  readonly jobs: JobStore
  readonly log: Logger
}

export interface JobRunner {
  /** Takes up jobs that no process works on. Resolves once they are taken up, not when they are done. */
  takeUp(): Promise<void>
  /** Resolves when it adds no more runs; another process continues, or this one after its next start. */
  stop(): Promise<void>
}

export function createJobRunner({ queue, jobs, log }: JobRunnerParts): JobRunner {
  const owner = randomUUID()
  const stopping = new AbortController()
  const inProgress = new Map<string, Promise<void>>()

  async function run(id: string): Promise<void> {
    const startedAtMs = performance.now()
    let handled = 0
    try {
      while (!stopping.signal.aborted && (await jobs.hold(id, owner, HOLD_MS))) {
        const job = await jobs.get(id)
        if (!job || job.status !== 'running') return
        if (job.position >= job.total) {
          await jobs.end(id, 'done')
          log.info({ job: id, handedOut: job.handedOut, passedOver: job.passedOver }, `${job.kind} job done`)
          return
        }
        const waitMs = startedAtMs + dueMs(job, handled) - performance.now()
        if (waitMs > 0) {
          await sleep(Math.min(waitMs, LONGEST_WAIT_MS), stopping.signal)
          continue
        }
        handled += await step(job)
      }
    } finally {
      await jobs.release(id, owner)
    }
  }

  /** The number of items handled: none when another process was faster, or the job was cancelled. */
  async function step(job: JobRecord): Promise<number> {
    const items = await jobs.items(job.id, job.position, stepOf(job))
    if (items.length === 0) {
      await jobs.end(job.id, 'cancelled')
      throw new Error('its runs are gone from Redis: send the request again')
    }
    const step = { job: job.id, position: job.position }
    const { kind, isForced } = job
    const outcomes =
      kind === 'cancel'
        ? await queue.cancelRuns({ step, items })
        : await queue.rerun({ step, trigger: kind === 'retry' ? 'reprocess' : kind, isForced, items })
    return outcomes?.length ?? 0
  }

  return {
    async takeUp() {
      if (stopping.signal.aborted) return
      for (const id of await jobs.active()) {
        if (inProgress.has(id)) continue
        const running = run(id)
          .catch((error: unknown) => {
            log.warn({ job: id, error: messageOf(error) }, 'a job was interrupted; resuming it soon')
          })
          .finally(() => inProgress.delete(id))
        inProgress.set(id, running)
      }
    },
    async stop() {
      stopping.abort()
      await Promise.all(inProgress.values())
    },
  }
}

/** When the next step may start, in ms after the first one. */
function dueMs({ ratePerSecond }: JobRecord, handled: number): number {
  return ratePerSecond === undefined ? 0 : (handled / ratePerSecond) * SECOND_MS
}

/** A quarter of a second's worth, so that a rate is even. */
function stepOf({ ratePerSecond = Infinity }: JobRecord): number {
  return Math.max(1, Math.min(STEP, Math.floor(ratePerSecond / 4)))
}
