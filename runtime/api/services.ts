/** What the routes need of the rest of the runtime: one interface a resource, made in `process/serve.ts`. @module */
import type { FunctionView } from './functions/model.ts'
import type { Job, Preview, PurgeRequest, RedriveRequest, ReprocessRequest } from './jobs/model.ts'
import type { ObjectView } from './objects/model.ts'
import type { Result } from './results/model.ts'
import type { Run, RunDetail } from './runs/model.ts'
import type { Sweep, SweepPass, SweepPreview, SweepRequest } from './sweep/model.ts'

/** A request that cannot be done as things are; its message says why and what to do. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly status: 404 | 409 | 422
  /** More members of the problem, such as `{ matched: 1200, limit: 1000 }`. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(status: RefusedError['status'], message: string, details: RefusedError['details'] = {}) {
    super(message)
    this.status = status
    this.details = details
  }
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

export interface RunFilter {
  readonly function?: string | undefined
  readonly status?: readonly Run['status'][] | undefined
  readonly bucket?: string | undefined
  readonly prefix?: string | undefined
  /** Of their creation, epoch ms. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

export interface PageRequest {
  readonly limit: number
  /** `nextCursor` of the page before. A text that is none is a RefusedError 422. */
  readonly cursor?: string | undefined
}

export interface RunService {
  /** Newest first. */
  list(filter: RunFilter, page: PageRequest): Promise<Page<Run>>
  /** @param options - `hasLinks`: the first outputs have links, under which anybody reads them for an hour */
  get(id: string, options?: { readonly hasLinks?: boolean }): Promise<RunDetail | undefined>
  /** Runs it again: a dead letter or any other ended run. @throws {RefusedError} 404, or 409 unless forced */
  retry(id: string, options: { readonly force: boolean }): Promise<RunDetail>
  /** Cancelling twice is no error. @throws {RefusedError} 404, or 409 when it has ended otherwise */
  cancel(id: string): Promise<RunDetail>
}

export interface DeadLetterFilter extends Omit<RunFilter, 'status'> {
  readonly reason?: 'permanent' | 'exhausted' | 'crash-loop' | undefined
}

export interface DeadLetterService {
  /** Newest first; times are of their death. */
  list(filter: DeadLetterFilter, page: PageRequest): Promise<Page<RunDetail>>
  redrive(request: RedriveRequest): Promise<Preview | Job>
  /** Takes dead letters off the list; runs and verdicts stay. How many it was, or would be. @throws {RefusedError} over the limit */
  purge(request: PurgeRequest): Promise<{ readonly purged: number }>
}

export interface ReprocessService {
  /**
   * A preview of a dry run, which ends when `signal` is aborted; else the job.
   *
   * @throws {RefusedError} over the limit, nothing to do, 409 when too many look for objects
   */
  reprocess(request: ReprocessRequest, signal?: AbortSignal): Promise<Preview | Job>
}

export interface JobService {
  list(page: PageRequest): Promise<Page<Job>>
  get(id: string): Promise<Job | undefined>
  /** Hands nothing more out, and cancels what waits of it, also when all was handed out. @throws {RefusedError} 404, 409 when nothing is left to cancel */
  cancel(id: string): Promise<Job>
}

export interface ObjectService {
  /** Any bucket and key, also of objects that nobody ever named. */
  view(bucket: string, key: string): Promise<ObjectView>
}

export interface ResultFilter {
  /** Of the source. */
  readonly bucket?: string | undefined
  /** Of the source's key. */
  readonly prefix?: string | undefined
  readonly function?: string | undefined
}

export interface ResultService {
  /** In the order of bucket and key. */
  list(filter: ResultFilter, page: PageRequest): Promise<Page<Result>>
}

export interface SweepService {
  view(): Promise<Sweep>
  /**
   * A preview of a dry run, which ends when `signal` is aborted; else the pass that waits.
   *
   * @throws {RefusedError} 409 when too many wait, 422 for a wrong bucket or too many objects
   */
  sweep(request: SweepRequest, signal?: AbortSignal): Promise<SweepPreview | SweepPass>
}

export interface FunctionService {
  list(): Promise<readonly FunctionView[]>
  get(name: string): Promise<FunctionView | undefined>
  /** @throws {RefusedError} 404 for an unknown function */
  pause(name: string): Promise<FunctionView>
  resume(name: string): Promise<FunctionView>
  setConcurrency(name: string, concurrency: number | null): Promise<FunctionView>
}

/** Keeps the answers to requests that carry an `Idempotency-Key`, for a day. */
export interface AnswerStore {
  /** `begun`: it is ours to answer; `busy`: another is at it; `mismatch`: the key was used for another request. */
  begin(
    key: string,
    requestHash: string,
  ): Promise<
    | ({ readonly kind: 'begun' } & BegunRequest)
    | { readonly kind: 'busy' | 'mismatch' }
    | { readonly kind: 'answered'; readonly answer: StoredAnswer }
  >
}

/** Ours until one of these is called; each does nothing when the request has become another's meanwhile. */
export interface BegunRequest {
  keep(answer: StoredAnswer): Promise<void>
  /** Nothing was done: the key may be used again. */
  forget(): Promise<void>
  /** Nobody knows whether it was done: the same request may be sent again, and no other with this key. */
  doubt(): Promise<void>
}

export interface StoredAnswer {
  readonly status: number
  readonly location?: string
  readonly body: string
}

export interface ApiServices {
  readonly runs: RunService
  readonly deadLetters: DeadLetterService
  readonly reprocess: ReprocessService
  readonly jobs: JobService
  readonly objects: ObjectService
  readonly functions: FunctionService
  readonly results: ResultService
  readonly sweep: SweepService
  readonly answers: AnswerStore
}
