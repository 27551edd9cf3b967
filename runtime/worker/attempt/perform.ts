/** The work of an attempt: options -> handler -> files -> commit. @module */
import type { Config } from '../../settings/config.ts'
import { messageOf } from '../../errors.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { RuntimeMetrics } from '../../telemetry/metrics.ts'
import { createAttemptFolder } from '../../output/attempt-folder.ts'
import { createAttemptOutput } from '../../output/attempt-output.ts'
import { commit, type CommitOutcome } from '../../output/commit.ts'
import type { ResultPlace } from '../../output/layout.ts'
import type { Identity } from '../../output/manifest.ts'
import { removeVerdict } from '../../output/verdict.ts'
import type { Queue } from '../../queue/queue.ts'
import type { Storage } from '../../storage/storage.ts'
import { reached } from '../../telemetry/steps.ts'
import type { RangeProxy } from '../source/proxy.ts'
import type { Strays } from '../strays.ts'
import type { Gateway } from './gateway.ts'
import { newAttemptId } from './attempt-id.ts'
import { handle } from './handle.ts'
import { hopsOf } from './hops.ts'
import type { InFlightAttempt } from '../in-flight.ts'
import { manifestOf } from './manifest-of.ts'
import { mergeOptions } from '../../function/options.ts'
import { AttemptAborted, type Outcome } from './outcome.ts'
import type { SourceObject } from '../../function/source.ts'

/** A store that is away must not hold up the end of an attempt. */
const DISCARD_MS = 10_000

export interface PerformParts {
  readonly config: Config
  readonly functions: readonly FunctionDefinition[]
  readonly queue: Queue
  readonly consumer: string
  readonly storage: Storage
  readonly metrics: RuntimeMetrics
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
  /** No result is known to stand there. */
  readonly wasVacant: boolean
  /** The path of the attempt's folder, which is made when it is asked for. */
  readonly scratch: () => string
}

/** What the handler and the commit made of it. What fails before the commit leaves no file behind. */
export async function perform(
  parts: PerformParts,
  gateway: Gateway,
  performance: Performance,
): Promise<Outcome> {
  const { attempt, log, place, event, wasVacant } = performance
  const { claim, definition, signal, active } = attempt
  const { storage } = parts
  const startedAt = new Date()
  const attemptId = newAttemptId()
  const hops = await hopsOf(storage, parts.functions, event, signal)
  const { options, warnings } = mergeOptions(definition, {
    settings: parts.config.functionOptions[definition.name],
    metadata: event.metadata,
    request: claim.payload.options,
    functions: parts.functions,
  })
  const folder = createAttemptFolder(storage, place, attemptId)
  const output = createAttemptOutput({ storage, place, attempt: attemptId, signal, onBytes: active })
  output.describe({ warnings })
  let ended: CommitOutcome | undefined
  try {
    reached('handling', event.key)
    const outcome = await handle(parts, gateway, { ...performance, options, output })
    if (outcome.kind !== 'succeeded') return outcome
    const result = await output.close()
    reached('handled', event.key)
    const manifest = manifestOf({ claim, definition, event, attemptId, options, result, hops, startedAt })
    const holdsFence = () => isOwner(parts, attempt)
    ended = await commit({ storage, place, folder, manifest, wasVacant, holdsFence, signal, log })
    parts.metrics.commits.inc({ function: definition.name, outcome: ended.kind })
    if (ended.kind === 'committed') {
      const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
      parts.metrics.outputBytes.inc({ function: definition.name }, bytes)
    }
    return await outcomeOfCommit(ended, outcome, manifest, { storage, place, signal, log })
  } finally {
    if (!ended) {
      await output.abandon(new Error('its attempt has ended'))
      await folder.discard(AbortSignal.timeout(DISCARD_MS)).catch((error: Error) => {
        log.warn({ error: error.message }, 'files of a failed attempt are left to the janitor')
      })
    }
  }
}

/**
 * A cancel that comes when the result is about to be committed is too late, so it does not count here. A Redis that does
 * not answer is no fault of the file: the attempt is handed back uncounted.
 */
async function isOwner({ queue, consumer }: PerformParts, { claim }: InFlightAttempt): Promise<boolean> {
  const [answer] = await queue.heartbeat(consumer, [claim]).catch((error: unknown) => {
    throw new AttemptAborted('released', `redis did not say who has the run: ${messageOf(error)}`)
  })
  return answer !== 'lost'
}

/** What remains to be done once a manifest stands: nothing of it makes the attempt fail. */
interface Aftermath {
  readonly storage: Storage
  readonly place: ResultPlace
  readonly signal: AbortSignal
  readonly log: Logger
}

async function outcomeOfCommit(
  ended: CommitOutcome,
  succeeded: Outcome,
  mine: Identity,
  aftermath: Aftermath,
): Promise<Outcome> {
  switch (ended.kind) {
    case 'committed':
      await tidy(mine, ended.pointersOwed, aftermath)
      return succeeded
    case 'adopted':
      return adopt(ended.by, aftermath, ended.pointersOwed)
    case 'superseded':
      return { kind: 'superseded', reason: 'a newer upload of this key has its result already' }
    case 'fenced':
      return { kind: 'lost', reason: 'another worker has taken the run' }
  }
}

/** The result is there already: a reply was lost, or another attempt was faster. */
export async function adopt(by: Identity, aftermath: Aftermath, pointersOwed?: string): Promise<Outcome> {
  await tidy(by, pointersOwed, aftermath)
  return { kind: 'succeeded', result: JSON.stringify({ adopted: by.attempt }) }
}

async function tidy(
  result: Identity,
  pointersOwed: string | undefined,
  { log, ...where }: Aftermath,
): Promise<void> {
  if (pointersOwed)
    log.warn({ error: pointersOwed }, 'the result stands, but not all of its pointers show it')
  const verdictOwed = await removeVerdict(where, result)
  if (verdictOwed) log.warn({ error: verdictOwed }, 'the result stands, but an older verdict lies beside it')
}
