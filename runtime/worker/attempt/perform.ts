/** The work of an attempt: options, handler, files, commit. @module */
import { randomFillSync } from 'node:crypto'
import { ulid } from 'ulid'
import { PermanentError } from '../../errors.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { SourceObject } from '../../function/source.ts'
import type { Claim } from '../../queue/run.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { createAttemptFolder } from '../../output/attempt-folder.ts'
import {
  type AttemptOutput,
  createAttemptOutput,
  NOTHING_WRITTEN,
  type OutputResult,
} from '../../output/attempt-output.ts'
import { commit, type CommitOutcome } from '../../output/commit.ts'
import { type Identity, type Manifest, manifestSourceOf, parseManifest } from '../../output/manifest.ts'
import type { JsonValue } from '../../output/output.ts'
import type { Storage } from '../../storage/storage.ts'
import { reached } from '../../telemetry/steps.ts'
import { handle } from './handle.ts'
import { type Beside, createFence, leaveOrLook, lookBeside } from './older-verdict.ts'
import { mergeOptions } from '../../function/options.ts'
import { Late } from './late.ts'
import type { Outcome } from './outcome.ts'
import type { Performance, PerformParts } from './parts.ts'

/** A store that is unavailable must not hold up the end of an attempt. */
const DISCARD_MS = 10_000

/** Runs the handler and commits its result. A failure before the commit leaves no file behind. */
export async function perform(parts: PerformParts, performance: Performance): Promise<Outcome> {
  const { attempt, log, place, event, wasVacant } = performance
  const { claim, definition, signal, active } = attempt
  const { storage } = parts
  const startedAt = new Date()
  const attemptId = newAttemptId()
  const hops = await hopsOf(storage, parts.functions, event, signal)
  const { options, preset, warnings } = mergeOptions(definition, {
    settings: parts.config.functionOptions[definition.name],
    metadata: event.metadata,
    request: claim.payload.options,
    functions: parts.functions,
  })
  const folder = createAttemptFolder(storage, place, attemptId)
  const output = new Late(
    () => createAttemptOutput({ storage, place, attempt: attemptId, signal, onBytes: active }),
    (made) => made.abandon(new Error('its attempt has ended')),
  )
  let ended: CommitOutcome | undefined
  try {
    reached('handling', event.key)
    const outcome = await handle(parts, { ...performance, options, output })
    if (outcome.kind !== 'succeeded') return outcome
    const written = await writtenTo(output)
    const result = { ...written, warnings: [...warnings, ...written.warnings] }
    reached('handled', event.key)
    const shown = { ...options, ...(preset !== undefined && { preset }) }
    const manifest = manifestOf({
      claim,
      definition,
      event,
      attemptId,
      options: shown,
      result,
      hops,
      startedAt,
    })
    const fence = createFence(parts.queue, claim, place)
    ended = await commit({
      storage,
      place,
      folder,
      manifest,
      wasVacant,
      holdsFence: fence.holds,
      signal,
      log,
    })
    parts.metrics.commits.inc({ function: definition.name, outcome: ended.kind })
    if (ended.kind === 'committed') {
      const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
      parts.metrics.outputBytes.inc({ function: definition.name }, bytes)
    }
    const beside = { storage, place, signal, log }
    if (ended.kind !== 'committed') return await outcomeOfCommit(ended, beside)
    logPointersOwed(ended.pointersOwed, log)
    return { ...outcome, unlooked: await leaveOrLook(parts.queue, manifest, fence.answer, beside) }
  } finally {
    await output.end()
    if (!ended) {
      await folder.discard(AbortSignal.timeout(DISCARD_MS)).catch((error: Error) => {
        log.warn({ error: error.message }, 'could not remove the files of a failed attempt; the janitor will')
      })
    }
  }
}

/** From now on nothing more can be written: what a handler writes after its answer would be in no manifest. */
export async function writtenTo(output: Late<AttemptOutput>): Promise<OutputResult> {
  if (output.made) return output.made.close()
  await output.end()
  return NOTHING_WRITTEN
}

async function outcomeOfCommit(
  ended: Exclude<CommitOutcome, { kind: 'committed' }>,
  beside: Beside,
): Promise<Outcome> {
  switch (ended.kind) {
    case 'adopted':
      return adopt(ended.by, beside, ended.pointersOwed)
    case 'superseded':
      return { kind: 'superseded', reason: 'a newer upload of this key already has its result' }
    case 'fenced':
      return { kind: 'lost', reason: 'another worker has taken the run' }
  }
}

/** Takes over a result that exists already: a reply was lost, or another attempt was faster. */
export async function adopt(by: Identity, beside: Beside, pointersOwed?: string): Promise<Outcome> {
  logPointersOwed(pointersOwed, beside.log)
  await lookBeside(by, beside)
  return { kind: 'succeeded', result: JSON.stringify({ adopted: by.attempt }) }
}

function logPointersOwed(error: string | undefined, log: Logger): void {
  if (error !== undefined)
    log.warn({ error }, 'the result is committed, but some pointers do not show it yet')
}

interface ManifestParts {
  readonly claim: Claim
  readonly definition: FunctionDefinition
  readonly event: SourceObject
  readonly attemptId: string
  readonly options: Readonly<Record<string, unknown>>
  readonly result: OutputResult
  readonly hops: number
  readonly startedAt: Date
}

/** Makes the manifest of an attempt. */
function manifestOf(parts: ManifestParts): Manifest {
  const { claim, definition, event, result } = parts
  return {
    schema: 1,
    run: claim.runId,
    attempt: parts.attemptId,
    epoch: claim.epoch,
    function: definition.name,
    functionVersion: definition.version,
    source: manifestSourceOf(event),
    // The schema's output may contain values that JSON does not have, such as dates: converted as JSON does.
    options: JSON.parse(JSON.stringify(parts.options)) as Record<string, JsonValue>,
    ...result,
    hops: parts.hops,
    startedAt: parts.startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
  }
}

/** Sixteen bytes an id. Requested from the system one at a time they took 35 µs, almost as long as the call of a handler. */
const pool = Buffer.alloc(16 * 256)
let used = pool.length

/** A ULID, so that attempts sort by the time when they started. */
export function newAttemptId(): string {
  return ulid(undefined, randomShare)
}

/** From 0 to below 1, in steps of 1/256, of which 32 divide evenly into ULID's letters. */
function randomShare(): number {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  return (pool[used++] ?? 0) / 256
}

const MAX_HOPS = 16

/**
 * The number of functions that the object came through, to stop functions that feed each other for ever: 0 for an upload; for a result of another function, one more than in its manifest.
 *
 * @throws {PermanentError} when there were too many
 */
async function hopsOf(
  storage: Storage,
  functions: readonly FunctionDefinition[],
  source: SourceObject,
  signal: AbortSignal,
): Promise<number> {
  const isResult = functions.some(({ outputBucket }) => outputBucket === source.bucket)
  if (!isResult) return 0
  // Results lie beside their manifest: pointers, and the manifest itself.
  const manifestKey = source.key.replace(/[^/]*$/, 'manifest.json')
  const found = await storage.readText(source.bucket, manifestKey, { signal })
  const hops = (found ? (parseManifest(found.text)?.hops ?? 0) : 0) + 1
  if (hops > MAX_HOPS)
    throw new PermanentError(`the source came through ${hops} functions: they feed each other in a loop`)
  return hops
}
