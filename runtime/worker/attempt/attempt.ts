/**
 * One attempt: ask the store for the source and an existing result, run the function, return the outcome. It never throws.
 * @module
 */
import { PermanentError } from '../../errors.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { findCommitted, type Found } from '../../output/commit.ts'
import { placeOf, refusal } from '../../output/layout.ts'
import type { Claim, RunPayload } from '../../queue/run.ts'
import type { InFlightAttempt } from '../in-flight.ts'
import { capped, type Outcome, outcomeOfError } from './outcome.ts'
import type { PerformParts } from './parts.ts'
import { adopt, perform } from './perform.ts'
import { reached } from '../../telemetry/steps.ts'
import { withScratch } from './scratch.ts'
import type { SourceObject } from '../../function/source.ts'
import { compareWithLatest } from '../../storage/latest.ts'
import { versionOf } from '../../storage/object-version.ts'
import type { Storage } from '../../storage/storage.ts'
import { sleep } from '../../time.ts'

export interface AttemptParts extends PerformParts {
  /** The folder in which attempts of this process get theirs. */
  readonly scratchParent: string
}

/** An upload becomes a run within milliseconds; one that waited longer may have been processed by a run that Redis has forgotten. */
const FRESH_MS = 10_000

const VACANT: Found = { kind: 'vacant' }

/**
 * Whether the object was uploaded a moment ago and never tried: then it has no result yet, so none is looked for. Where that is
 * wrong (an older upload has a result, or Redis was emptied at this very moment) the store refuses the manifest, and the commit looks.
 */
export function isFresh({ trigger, fence, claimedAtMs, payload }: Claim): boolean {
  return trigger === 'upload' && fence === '1' && Math.abs(claimedAtMs - payload.lastModifiedMs) < FRESH_MS
}

/** The reason of the abort outranks the handler's own outcome, except a success; further details of the same reason are kept. */
export function afterAbort(outcome: Outcome, reason: unknown): Outcome {
  if (outcome.kind === 'succeeded') return outcome
  const aborted = outcomeOfError(reason)
  const isThat = 'error' in outcome && 'error' in aborted && outcome.error.startsWith(aborted.error)
  return isThat ? outcome : aborted
}

/** Returns the function with which a worker processes one claim. */
export function createAttempt(
  parts: AttemptParts,
): (attempt: InFlightAttempt, log: Logger) => Promise<Outcome> {
  return async (attempt, log) => {
    try {
      const outcome = await run(attempt, log)
      return capped(attempt.aborted ? afterAbort(outcome, attempt.aborted) : outcome)
    } catch (error) {
      // An error in an aborted attempt is a consequence of the abort.
      return capped(outcomeOfError(attempt.aborted ?? error))
    }
  }

  async function run(attempt: InFlightAttempt, log: Logger): Promise<Outcome> {
    const { claim, definition, signal } = attempt
    const { payload, runId, epoch } = claim
    const refused = refusal(payload.key)
    if (refused) throw new PermanentError(refused)

    reached('claimed', payload.key)
    const place = placeOf(definition, payload)
    const [source, found] = await Promise.all([
      sourceStateOf(parts.storage, payload, signal),
      isFresh(claim)
        ? VACANT
        : findCommitted({ storage: parts.storage, place, run: runId, epoch, signal, log }),
    ])
    reached('examined', payload.key)
    if (found.kind === 'done') return adopt(found.by, { storage: parts.storage, place, signal, log })
    switch (source.kind) {
      case 'superseded':
        return { kind: 'superseded', reason: 'a newer upload of this key is the latest' }
      case 'source-gone':
        return { kind: 'source-gone', reason: 'the source was removed' }
      case 'latest':
        return withScratch(parts.scratchParent, (scratch) => {
          const { object: event, bytes: content } = source
          const wasVacant = found.kind === 'vacant'
          return perform(parts, { attempt, log, place, event, content, wasVacant, scratch })
        })
    }
  }
}

export type SourceState =
  /** `bytes`: all of them, of a small object. */
  | { readonly kind: 'latest'; readonly object: SourceObject; readonly bytes?: Buffer }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'source-gone' }

/** A write may be announced a moment before all reads see it. */
const SECOND_LOOK_MS = 250

/** The bytes of sources up to this size come with the first answer: one call instead of two. */
const SMALL_BYTES = 64 * 1024

/** Before any work, asked of the store: an announcement is only a hint. */
export async function sourceStateOf(
  storage: Storage,
  payload: RunPayload,
  signal: AbortSignal,
): Promise<SourceState> {
  const maxBytes = payload.sizeBytes <= SMALL_BYTES ? SMALL_BYTES : undefined
  const look = () => compareWithLatest(storage, payload, signal, maxBytes)
  let found = await look()
  if (found.kind === 'gone') {
    await sleep(SECOND_LOOK_MS, signal)
    found = await look()
  }
  if (found.kind === 'gone') return { kind: 'source-gone' }
  if (found.kind === 'another') return { kind: 'superseded' }
  const { etag, sizeBytes, contentType, metadata, bytes } = found.head
  return {
    kind: 'latest',
    ...(bytes && { bytes }),
    object: {
      ...versionOf({ ...payload, etag, sizeBytes }),
      ...(contentType === undefined ? {} : { contentType }),
      metadata,
    },
  }
}
