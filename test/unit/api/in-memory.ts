/** Services that keep what they are given, for tests of the routes before them. */
import { createApi } from '../../../runtime/api/app.ts'
import { RefusedError } from '../../../runtime/api/http/problem.ts'
import type { ApiServices } from '../../../runtime/api/operations.ts'
import type { ApiParts } from '../../../runtime/api/parts.ts'
import type { AnswerStore, StoredAnswer } from '../../../runtime/queue/answers.ts'
import type { FunctionView } from '../../../runtime/api/functions/model.ts'
import type { Job, Preview } from '../../../runtime/api/jobs/model.ts'
import type { RunDetail } from '../../../runtime/api/runs/model.ts'
import type { Result } from '../../../runtime/api/results/model.ts'
import type { SweepPass } from '../../../runtime/api/sweep/model.ts'
import { createLogger } from '../../../runtime/telemetry/logger.ts'
import { startAtZero } from '../../../runtime/process/zero-metrics.ts'
import { createMetrics } from '../../../runtime/telemetry/metrics.ts'
import { expose } from '../../../runtime/process/exposition.ts'

export const RUN_ID = '0123456789abcdef0123456789abcdef'
const NOW = '2026-01-02T03:04:05.678Z'

export const RUN: RunDetail = {
  id: RUN_ID,
  function: 'cut',
  status: 'dead',
  trigger: 'upload',
  object: {
    bucket: 'incoming',
    key: 'a b/ü.mp4',
    generation: 'g',
    etag: 'e',
    sizeBytes: 1,
    lastModified: NOW,
  },
  attempts: 1,
  crashes: 0,
  epoch: 0,
  createdAt: NOW,
  reason: 'permanent',
  attemptLog: [],
  lastLines: [],
  announcements: { copies: 1, duplicates: 0 },
}

export const PASS: SweepPass = {
  id: '01SWEEP',
  kind: 'full',
  cause: 'request',
  status: 'done',
  objects: 40,
  runs: 3,
  healed: { 'lost-event': 2 },
  reported: { 'before-watermark': 30 },
  startedAt: NOW,
  endedAt: NOW,
}

export const FUNCTION: FunctionView = {
  name: 'cut',
  version: '1',
  on: { bucket: 'incoming', match: ['**/*.mp4'], ignore: [], events: [], minBytes: 0, maxBytes: null },
  outputBucket: 'processed',
  onDelete: 'keep',
  afterSuccess: 'keep',
  optionsSchema: {},
  settings: {},
  retry: { attempts: 3, firstMs: 1_000, maxMs: 60_000 },
  timeoutMs: 60_000,
  stallTimeoutMs: 10_000,
  concurrency: 2,
  definedConcurrency: 2,
  isPaused: false,
  watermark: NOW,
  queue: { waiting: 0, backfill: 0, running: 0, open: 0, dead: 0 },
  workers: 1,
}

export interface Call {
  readonly name: string
  readonly args: readonly unknown[]
}

/** One run, one function, and a job for each request; `calls` has what the routes have asked for. */
export const RESULT: Result = {
  function: 'chunk',
  bucket: 'incoming',
  key: 'a.mp4',
  run: '0'.repeat(32),
  manifest: { bucket: 'processed', key: 'a.mp4/chunk/manifest.json' },
  files: 3,
  bytes: 3_000,
  warnings: 1,
  finishedAt: '2026-11-23T10:00:00.000Z',
}

export function createInMemory(): { services: ApiServices; calls: Call[] } {
  const calls: Call[] = []
  const jobs = new Map<string, Job>()
  const note = (name: string, ...args: unknown[]) => void calls.push({ name, args })
  const run = (id: string) => {
    if (id !== RUN_ID) throw new RefusedError('not-found', `there is no run ${id}`)
    return RUN
  }
  const theFunction = (name: string) => {
    if (name !== 'cut') throw new RefusedError('not-found', `there is no function ${name}`)
    return FUNCTION
  }
  const bulk = (kind: Job['kind'], request: { dryRun: boolean; limit: number }): Preview | Job => {
    if (request.dryRun) return { matched: 1, totalBytes: 1, sample: [], passedOver: {} }
    if (request.limit < 3)
      throw new RefusedError('impossible', 'over the limit', { matched: 3, limit: request.limit })
    const id = `job-${jobs.size + 1}`
    const job: Job = {
      id,
      kind,
      status: 'running',
      total: 1,
      handedOut: 0,
      passedOver: 0,
      request,
      createdAt: NOW,
    }
    jobs.set(id, job)
    return job
  }
  const page = <T>(...items: T[]) => ({ items, nextCursor: null })

  const services: ApiServices = {
    runs: {
      async list(...args) {
        note('runs.list', ...args)
        return page(RUN)
      },
      get: async (id, options) => {
        note('get', { id, ...options })
        return id === RUN_ID ? RUN : undefined
      },
      async retry(id, options) {
        note('runs.retry', id, options)
        return run(id)
      },
      async cancel() {
        throw new RefusedError('conflict', 'the run has ended')
      },
    },
    deadLetters: {
      async list(...args) {
        note('deadLetters.list', ...args)
        return page(RUN)
      },
      async redrive(request) {
        note('deadLetters.redrive', request)
        return bulk('redrive', request)
      },
      async purge(request) {
        note('deadLetters.purge', request)
        return { purged: 1 }
      },
    },
    reprocess: {
      async reprocess(request) {
        note('reprocess', request)
        return bulk('reprocess', request)
      },
    },
    jobs: {
      list: async () => page(...jobs.values()),
      get: async (id) => jobs.get(id),
      async cancel(id) {
        const job = jobs.get(id)
        if (!job) throw new RefusedError('not-found', `there is no job ${id}`)
        return { ...job, status: 'cancelled' }
      },
    },
    objects: {
      async view(bucket, key) {
        note('objects.view', bucket, key)
        return { bucket, key, object: null, summary: 'never seen', events: [], functions: [], runs: [] }
      },
    },
    functions: {
      list: async () => [FUNCTION],
      get: async (name) => (name === 'cut' ? FUNCTION : undefined),
      pause: async (name) => ({ ...theFunction(name), isPaused: true }),
      resume: async (name) => theFunction(name),
      setConcurrency: async (name, limit) => ({ ...theFunction(name), concurrency: limit ?? 2 }),
    },
    results: {
      list: async (filter) => {
        note('results', filter)
        return { items: [RESULT], nextCursor: null }
      },
    },
    sweep: {
      view: async () => ({ passes: [PASS] }),
      async sweep(request) {
        note('sweep', request)
        const { kind, dryRun, bucket } = request
        if (bucket === 'none') throw new RefusedError('impossible', 'bucket: no function reads "none"')
        if (!dryRun) return { ...PASS, kind, status: 'waiting' }
        const { objects, runs, healed, reported } = PASS
        return { kind, objects, runs, healed, reported, sample: [] }
      },
    },
    answers: createAnswers(),
  }
  return { services, calls }
}

function createAnswers(): AnswerStore {
  const kept = new Map<string, { hash: string; isUnderWay: boolean; answer?: StoredAnswer }>()
  return {
    async begin(key, hash) {
      const known = kept.get(key)
      if (known && known.hash !== hash) return { kind: 'mismatch' }
      if (known?.answer) return { kind: 'answered', answer: known.answer }
      if (known?.isUnderWay) return { kind: 'busy' }
      kept.set(key, { hash, isUnderWay: true })
      return {
        kind: 'begun',
        async keep(answer) {
          kept.set(key, { hash, isUnderWay: false, answer })
        },
        async forget() {
          kept.delete(key)
        },
        async doubt() {
          kept.set(key, { hash, isUnderWay: false })
        },
      }
    },
  }
}

/** The interface over {@link createInMemory}, as far as `rest` says nothing else. */
export function createTestApi(rest: Partial<ApiParts> = {}) {
  const metrics = createMetrics()
  startAtZero(metrics, ['cut'])
  const { services, calls } = createInMemory()
  const app = createApi({
    version: '1.2.3',
    tools: () => Promise.resolve({ ffmpeg: '5.1' }),
    health: () => Promise.resolve([{ name: 'redis', ok: true }]),
    metrics: async (format) => expose([await metrics.registry.getMetricsAsJSON()], format),
    isDraining: () => false,
    seconds: metrics.httpSeconds,
    inFlight: metrics.httpInFlight,
    services,
    tokens: {},
    log: createLogger({ level: 'silent', format: 'json' }),
    ...rest,
  })
  return { app, metrics, calls, services }
}
