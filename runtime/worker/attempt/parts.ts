/** The parts that attempts are made of: those of the process, and those of one attempt. @module */
import type { FunctionDefinition } from '../../function/definition.ts'
import type { SourceObject } from '../../function/source.ts'
import type { AttemptOutput } from '../../output/attempt-output.ts'
import type { ResultPlace } from '../../output/layout.ts'
import type { Queue } from '../../queue/queue.ts'
import type { Config } from '../../settings/config.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { RuntimeMetrics } from '../../telemetry/metrics.ts'
import type { InFlightAttempt } from '../in-flight.ts'
import type { RangeProxy } from '../source/proxy.ts'
import type { Strays } from '../strays.ts'
import type { Late } from './late.ts'

export interface PerformParts {
  readonly config: Pick<Config, 'functionOptions'>
  readonly functions: readonly FunctionDefinition[]
  readonly queue: Pick<Queue, 'fence' | 'verdictGone'>
  readonly storage: Storage
  readonly metrics: Pick<RuntimeMetrics, 'commits' | 'outputBytes'>
  /** Serves large sources to tools. */
  readonly proxy: RangeProxy
  readonly strays: Strays
  /** Smaller sources are downloaded for tools. @defaultValue 64 MiB */
  readonly downloadBelowBytes?: number | undefined
}

export interface Performance {
  readonly attempt: InFlightAttempt
  readonly log: Logger
  readonly place: ResultPlace
  /** The source, as the store describes it now. */
  readonly event: SourceObject
  /** All bytes of a small one. */
  readonly content?: Buffer | undefined
  /** No result is known to be there. */
  readonly wasVacant: boolean
  /** The path of the attempt's folder, which is created on the first call. */
  readonly scratch: () => string
}

export interface Handling extends Omit<Performance, 'wasVacant' | 'place'> {
  readonly options: Readonly<Record<string, unknown>>
  readonly output: Late<AttemptOutput>
}
