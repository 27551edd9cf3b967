/** What people ask of the runtime while it runs: one file a resource, put together for the routes. @module */
import type { Redis } from 'ioredis'
import type { ApiServices } from '../api/services.ts'
import type { Config } from '../config.ts'
import type { FunctionDefinition } from '../function.ts'
import { createRouter } from '../intake/routing.ts'
import type { JobStore } from '../jobs/job-store.ts'
import { createLimitStore } from '../limits/store.ts'
import { createHistory } from '../queue/history.ts'
import type { Queue } from '../queue/queue.ts'
import type { Links } from '../storage/links.ts'
import type { Storage } from '../storage/storage.ts'
import type { PassParts } from '../sweep/pass.ts'
import { createAnswerStore } from './answers.ts'
import { createDeadLetterService } from './dead-letters.ts'
import { createFunctionService } from './functions.ts'
import { createJobService } from './jobs.ts'
import { createObjectService } from './objects.ts'
import { createReprocessService } from './reprocess.ts'
import { createResultService } from './results.ts'
import { createRunService } from './runs.ts'
import { createSweepService } from './sweep.ts'

export interface OperationParts {
  readonly config: Config
  readonly functions: readonly FunctionDefinition[]
  readonly redis: Redis
  readonly queue: Queue
  readonly storage: Storage
  readonly sweep: PassParts
  readonly links: Links
  readonly jobs: JobStore
  /** There is a new job to be taken up. */
  readonly onJob: () => void
}

export function createOperations(parts: OperationParts): ApiServices {
  const { redis, queue, storage, functions } = parts
  const all = {
    ...parts,
    history: createHistory(redis, queue.keys),
    router: createRouter(functions),
    limits: createLimitStore(storage, queue),
    graceMs: parts.sweep.graceMs,
    resultsKeptMs: parts.sweep.resultsKeptMs,
  }
  return {
    runs: createRunService(all),
    deadLetters: createDeadLetterService(all),
    reprocess: createReprocessService(all),
    jobs: createJobService(all),
    objects: createObjectService(all),
    results: createResultService(all),
    functions: createFunctionService(all),
    sweep: createSweepService({ ...parts.sweep, redis }),
    answers: createAnswerStore(redis, queue.keys.prefix),
  }
}
