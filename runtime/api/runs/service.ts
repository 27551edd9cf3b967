/** Runs: listed, shown, retried and cancelled. @module */
import { toRun, toRunDetail, type Run, type RunDetail } from './model.ts'
import { RefusedError } from '../http/problem.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { isOpen, type AttemptRecord, type RunRecord } from '../../queue/run.ts'
import type { History, Position } from '../../queue/history.ts'
import { isMeantBy } from '../../queue/run-filter.ts'
import type { Queue } from '../../queue/queue.ts'
import { compareWithLatest } from '../../storage/latest.ts'
import type { Links } from '../../storage/sign.ts'
import type { Storage } from '../../storage/storage.ts'
import { fromCursor, toCursor, type Page, type PageRequest } from '../http/page.ts'
import { resultsOfRun, withLinks } from './results-of-run.ts'
import { unreadableInWords } from './unreadable.ts'
import { isFullRunId, resolveId } from '../short-ids.ts'

export interface RunFilter {
  readonly function?: string | undefined
  readonly status?: readonly Run['status'][] | undefined
  readonly bucket?: string | undefined
  readonly prefix?: string | undefined
  /** A part of the key; upper and lower case of A to Z are the same. */
  readonly contains?: string | undefined
  /** Bounds of their creation, epoch ms. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

export interface RunService {
  /** Newest first. */
  list(filter: RunFilter, page: PageRequest): Promise<Page<Run>>
  /** Those in progress, the latest start first: it costs what it returns, whatever else there is. */
  running(limit: number): Promise<readonly Run[]>
  /**
   * @param options - `hasLinks`: the first outputs have links that let anyone read them for an hour
   * @throws {RefusedError} conflict when Redis has something of it that cannot be read
   */
  get(id: string, options?: { readonly hasLinks?: boolean }): Promise<RunDetail | undefined>
  /** The same without attempts and results, which costs less. */
  facts(id: string): Promise<Run | undefined>
  /** Runs it again: a dead letter or any other ended run. @throws {RefusedError} not-found, or conflict unless forced */
  retry(id: string, options: { readonly force: boolean }): Promise<RunDetail>
  /** May be called twice. @throws {RefusedError} not-found, or conflict when it has ended otherwise */
  cancel(id: string): Promise<RunDetail>
}

export interface RunParts {
  readonly queue: Queue
  readonly history: History
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  readonly links: Links
}

/** More are found among all runs. */
const ALL_RUNNING = 200

export function createRunService({ queue, history, storage, functions, links }: RunParts): RunService {
  const names = () => functions.map(({ name }) => name)

  async function found(id: string): Promise<RunRecord> {
    const run = await read(id)
    if (!run) throw unknownRun(id)
    return run
  }

  async function read(id: string): Promise<RunRecord | undefined> {
    try {
      return await queue.run(id)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      throw new RefusedError('conflict', unreadableInWords(id, error.message))
    }
  }

  const whole = async (id: string) =>
    isFullRunId(id) ? id : resolveId('run', id, (prefix) => history.runsBeginning(prefix))

  async function detailOf(run: RunRecord): Promise<RunDetail> {
    return toRunDetail(run, attemptsOf(run, await history.tries(run.runId)))
  }

  return {
    async list(filter, { limit, cursor }) {
      const after = positionOf(cursor)
      const { sinceMs, untilMs, status: states, ...rest } = filter
      if (states?.join() === 'running' && !after && limit < ALL_RUNNING) {
        // Mostly few of a great many runs: a page that shows them asks each second.
        const running = await history.running(names(), limit + 1)
        const isWithin = ({ createdAtMs }: RunRecord) =>
          createdAtMs >= (sinceMs ?? -Infinity) && createdAtMs < (untilMs ?? Infinity)
        const meant = running.filter((run) => isMeantBy({ ...rest, states }, run) && isWithin(run))
        if (running.length <= limit)
          return { items: meant.toSorted(newestFirst).map(toRun), nextCursor: null }
      }
      const { runs, next } = await history.list({
        filter: { ...rest, states },
        sinceMs,
        untilMs,
        limit,
        after,
      })
      return { items: runs.map(toRun), nextCursor: next ? toCursor([next.atMs, next.runId]) : null }
    },

    running: async (limit) => (await history.running(names(), limit)).map(toRun),

    async get(id, { hasLinks = false } = {}) {
      const run = await read(await whole(id))
      if (!run) return undefined
      const definition = functions.find(({ name }) => name === run.functionName)
      const [detail, results] = await Promise.all([
        detailOf(run),
        definition ? resultsOfRun(storage, definition, run) : {},
      ])
      return { ...detail, ...(hasLinks ? withLinks(results, links) : results) }
    },

    async facts(id) {
      const run = await read(await whole(id))
      return run && toRun(run)
    },

    async retry(given, { force }) {
      const id = await whole(given)
      const run = await found(id)
      if (!functions.some(({ name }) => name === run.functionName)) {
        throw new RefusedError(
          'conflict',
          `run ${id} belongs to the function "${run.functionName}", which is not served here`,
        )
      }
      const latest = await compareWithLatest(storage, run.payload)
      if (latest.kind !== 'same') {
        const why =
          latest.kind === 'gone' ? 'its source was removed' : 'a newer upload of its key is the latest'
        throw new RefusedError('conflict', `run ${id} cannot be run again: ${why}`)
      }
      if (!force) checkEnded(run)
      const trigger = run.state === 'dead' ? 'redrive' : 'reprocess'
      const [outcome] = (await queue.rerun({ trigger, isForced: force, items: [{ runId: id }] })) ?? []
      // The run may have changed since it was read.
      switch (outcome) {
        case 'queued':
          break
        case 'busy':
          throw new RefusedError(
            'conflict',
            `run ${id} is already in progress: wait for it to end, or restart it with "force"`,
          )
        case 'ended':
          throw new RefusedError('conflict', `run ${id} is no longer a dead letter; refresh and try again`)
        case 'unknown':
        case undefined:
          throw unknownRun(id)
      }
      return detailOf(await found(id))
    },

    async cancel(given) {
      const id = await whole(given)
      const state = await queue.cancel(id)
      if (state === 'cancelled' || state === 'running') return detailOf(await found(id))
      const { state: now } = await found(id)
      throw new RefusedError('conflict', `run ${id} has already ended: it is ${now}`)
    },
  }
}

/** As lists have them. */
function newestFirst(a: RunRecord, b: RunRecord): number {
  return b.createdAtMs - a.createdAtMs || (a.runId < b.runId ? 1 : -1)
}

function unknownRun(id: string): RefusedError {
  return new RefusedError('not-found', `there is no run ${id} (any more)`)
}

/** @throws {RefusedError} conflict when it is in progress, or has a result */
function checkEnded({ runId, state }: RunRecord): void {
  if (state === 'succeeded') {
    throw new RefusedError('conflict', `run ${runId} has succeeded: run it again with "force"`)
  }
  if (isOpen(state)) {
    throw new RefusedError(
      'conflict',
      `run ${runId} is ${state}: wait for it to end, or restart it with "force"`,
    )
  }
}

/** The attempts, with the one in progress or the one that succeeded, whose facts are the run's own. */
function attemptsOf(run: RunRecord, tries: readonly AttemptRecord[]): readonly AttemptRecord[] {
  if ((run.state !== 'running' && run.state !== 'succeeded') || run.startedAtMs === undefined) return tries
  const own: AttemptRecord = {
    outcome: run.state,
    epoch: run.epoch,
    worker: run.worker ?? '',
    startedAtMs: run.startedAtMs,
    ...(run.endedAtMs !== undefined && { endedAtMs: run.endedAtMs }),
    lines: [],
  }
  return [...tries, own]
}

function positionOf(cursor: string | undefined): Position | undefined {
  const parts = fromCursor(cursor, isCursor)
  return parts && { atMs: parts[0], runId: parts[1] }
}

function isCursor(parts: unknown): parts is [number, string] {
  return Array.isArray(parts) && Number.isFinite(parts[0]) && typeof parts[1] === 'string'
}
