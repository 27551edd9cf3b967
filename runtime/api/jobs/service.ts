/** Jobs: listed, shown, cancelled. @module */
import { NAMED_FAILURES, outcomeOfRuns, toJob, type Job, type JobOutcome } from './model.ts'
import { fromCursor, toCursor, type Page, type PageRequest } from '../http/page.ts'
import { RefusedError } from '../http/problem.ts'
import type { JobRecord, JobStore } from '../../queue/jobs.ts'
import type { History } from '../../queue/history.ts'
import type { Queue } from '../../queue/queue.ts'
import { resolveId } from '../short-ids.ts'

/** The outcomes of larger jobs are not counted, as that would block Redis. */
const COUNTED_RUNS = 10_000
const AT_ONCE = 500

export interface JobService {
  list(page: PageRequest): Promise<Page<Job>>
  get(id: string): Promise<Job | undefined>
  /** Stops adding runs and cancels those that wait, also when all were added. @throws {RefusedError} not-found, or conflict when nothing is left to cancel */
  cancel(id: string): Promise<Job>
}

export interface JobParts {
  readonly jobs: JobStore
  readonly history: History
  readonly queue: Queue
}

export function createJobService({ jobs, history, queue }: JobParts): JobService {
  /** The ids of the runs handled so far, in groups. */
  async function* runIdsOf(job: JobRecord): AsyncGenerator<readonly string[]> {
    for (let at = 0; at < job.position; at += AT_ONCE) {
      const items = await jobs.items(job.id, at, Math.min(AT_ONCE, job.position - at))
      yield items.map(({ runId }) => runId)
    }
  }

  async function outcomeOf(job: JobRecord): Promise<JobOutcome> {
    const named = job.kind === 'cancel' ? 0 : NAMED_FAILURES
    const counted = await history.countRuns(job.id, job.position, named)
    return outcomeOfRuns(job.total, counted, await history.runs(counted.failed))
  }

  /** Undefined when there is none. A full id is a ULID: 26 letters and digits. */
  async function jobOf(given: string): Promise<JobRecord | undefined> {
    if (!/^[0-9a-z]{8,25}$/i.test(given)) return jobs.get(given)
    return jobs.get(await resolveId('job', given, (prefix) => jobs.beginning(prefix)))
  }

  async function found(id: string): Promise<JobRecord> {
    const job = await jobOf(id)
    if (!job) throw new RefusedError('not-found', `there is no job ${id} (any more)`)
    return job
  }

  return {
    async list({ limit, cursor }) {
      const [after] = fromCursor(cursor, isCursor) ?? []
      const listed = await jobs.list(limit, after)
      const last = listed.length === limit ? listed.at(-1) : undefined
      return { items: listed.map((job) => toJob(job)), nextCursor: last ? toCursor([last.id]) : null }
    },

    async get(given) {
      const job = await jobOf(given)
      if (!job) return undefined
      return toJob(job, job.total <= COUNTED_RUNS ? await outcomeOf(job) : undefined)
    },

    async cancel(given) {
      const job = await found(given)
      const { id } = job
      const isEnded = !(await jobs.end(id, 'cancelled'))
      let withdrawn = 0
      for await (const runIds of runIdsOf(await found(id))) withdrawn += await queue.withdraw(id, runIds)
      if (isEnded && withdrawn === 0)
        throw new RefusedError(
          'conflict',
          `job ${id} is already ${job.status}, and none of its runs is waiting`,
        )
      return toJob(await found(id))
    },
  }
}

function isCursor(parts: unknown): parts is [string] {
  return Array.isArray(parts) && parts.length === 1 && typeof parts[0] === 'string'
}
