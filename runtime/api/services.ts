/** The parts of the HTTP interface: the services behind the routes, one for each resource, composed from the rest of the runtime. @module */
import type { Gauge, Histogram } from 'prom-client'
import type { Redis } from '../queue/redis.ts'
import type { Config, Tokens } from '../settings/config.ts'
import type { Network } from '../settings/trusted-proxies.ts'
import type { FunctionDefinition } from '../function/definition.ts'
import { createAskStore } from '../records/asks.ts'
import { createRouter } from '../function/routing.ts'
import type { JobStore } from '../queue/jobs.ts'
import { createLimitStore } from '../records/limits.ts'
import type { StreamRecords } from '../records/streams.ts'
import { createBacklog } from '../queue/backlog.ts'
import { createHistory } from '../queue/history.ts'
import type { Queue } from '../queue/queue.ts'
import type { Links } from '../storage/sign.ts'
import type { Storage } from '../storage/storage.ts'
import type { UploadStore } from '../storage/uploads.ts'
import type { StreamStore } from '../queue/streams.ts'
import { createTallies } from '../queue/tallies.ts'
import { createSweepStore } from '../queue/sweeps.ts'
import type { PassParts } from '../upkeep/sweep/pass.ts'
import { type AnswerStore, createAnswerStore } from '../queue/answers.ts'
import { createDeadLetterService, type DeadLetterService } from './dead-letters/service.ts'
import { createFileService, type FileService } from './files/service.ts'
import { createFunctionService, type FunctionService } from './functions/service.ts'
import { createJobService, type JobService } from './jobs/service.ts'
import type { Hub } from './live/hub.ts'
import { createLiveService, type LiveService } from './live/service.ts'
import type { FailedLogins } from './login/failed-logins.ts'
import { createObjectService, type ObjectService } from './objects/service.ts'
import { createOverviewService, type OverviewService } from './overview/service.ts'
import { createReprocessService, type ReprocessService } from './reprocess/service.ts'
import { createResultService, type ResultService } from './results/service.ts'
import { createRunBulkService, type RunBulkService } from './runs/bulk-service.ts'
import { createRunService, type RunService } from './runs/service.ts'
import { createSearchService, type SearchService } from './search/service.ts'
import { createStreamMedia, type StreamMedia } from './streams/media.ts'
import { createStreamService, type StreamService } from './streams/service.ts'
import { createSweepService, type SweepService } from './sweep/service.ts'
import { createUploadService, type UploadService } from './uploads/service.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { MetricsFormat } from '../telemetry/metrics.ts'
import type { Check } from './health.ts'
import type { Receiver } from './streams/push.ts'

export interface ApiServices {
  readonly runs: RunService
  readonly runBulk: RunBulkService
  readonly search: SearchService
  readonly deadLetters: DeadLetterService
  readonly reprocess: ReprocessService
  readonly jobs: JobService
  readonly objects: ObjectService
  readonly functions: FunctionService
  readonly overview: OverviewService
  readonly results: ResultService
  readonly files: FileService
  readonly uploads: UploadService
  readonly sweep: SweepService
  readonly streams: StreamService
  readonly streamMedia: StreamMedia
  readonly live: LiveService
  readonly answers: AnswerStore
}

export interface ServiceParts {
  readonly config: Config
  readonly functions: readonly FunctionDefinition[]
  readonly redis: Redis
  readonly queue: Queue
  readonly storage: Storage
  readonly sweep: PassParts
  readonly links: Links
  readonly jobs: JobStore
  readonly streams: StreamStore
  readonly streamRecords: StreamRecords
  /** The readers of live events. */
  readonly hub: Hub
  readonly log: Logger
  /** Undefined without the uploader's account. */
  readonly uploads: UploadStore | undefined
  /** Called when a new job waits to be taken up. */
  readonly onJob: () => void
}

export function createServices(parts: ServiceParts): ApiServices {
  const { redis, queue, storage, functions } = parts
  const all = {
    ...parts,
    history: createHistory(redis, queue.keys),
    backlog: createBacklog(redis, queue.keys),
    tallies: createTallies(redis, queue.keys),
    router: createRouter(functions),
    limits: createLimitStore(storage, queue),
    asks: createAskStore(storage),
    nowMs: () => queue.nowMs(),
    graceMs: parts.sweep.graceMs,
    resultsKeptMs: parts.sweep.resultsKeptMs,
  }
  const runs = createRunService(all)
  return {
    runs,
    live: createLiveService({ ...parts, runs }),
    runBulk: createRunBulkService(all),
    search: createSearchService(all),
    deadLetters: createDeadLetterService(all),
    reprocess: createReprocessService(all),
    jobs: createJobService(all),
    objects: createObjectService(all),
    overview: createOverviewService(all),
    results: createResultService(all),
    files: createFileService(all),
    uploads: createUploadService(all),
    functions: createFunctionService(all),
    sweep: createSweepService({ ...parts.sweep, store: createSweepStore(redis, queue) }),
    streams: createStreamService({ ...all, records: parts.streamRecords }),
    streamMedia: createStreamMedia(all),
    answers: createAnswerStore(redis, queue.keys.prefix),
  }
}

/** Given by the serving process. */
export interface ApiParts {
  readonly version: string
  /** The tools that functions use, such as `{ ffmpeg: '5.1.9 (path)' }`. */
  readonly tools: () => Promise<Readonly<Record<string, string>>>
  readonly health: () => Promise<readonly Check[]>
  /** The metrics of all processes, in a format that Prometheus reads. */
  readonly metrics: (format: MetricsFormat) => Promise<string>
  readonly isDraining: () => boolean
  readonly seconds: Histogram<'method' | 'route' | 'status_class'>
  readonly inFlight: Gauge
  /** Served under `/v1`. */
  readonly services: ApiServices
  /** Precedes every path behind a proxy: empty, or such as `/sluice`. */
  readonly base: string
  readonly tokens: Tokens
  readonly trustedProxies: readonly Network[]
  /** Of all ways to log in. */
  readonly failedLogins: FailedLogins
  /** Where streams are received, for senders that come here. */
  readonly receiver: Receiver
  readonly log: Logger
}
