/** One function and one latest version: Redis is asked first, then the buckets, and no more of them than the decision needs. @module */
import { CREATED_EVENTS } from '../../storage/event.ts'
import { placeOf } from '../../output/layout.ts'
import { readResult, readRecordedOutcome } from '../../output/recorded-outcome.ts'
import { readVacancy } from '../../output/vacancy.ts'
import type { RunState } from '../../queue/run.ts'
import { compareWithLatest } from '../../storage/latest.ts'
import { decide, type Decision, type Records } from './decide.ts'
import type { Candidate, ExamineParts, Scope } from './candidates.ts'

/** `state` is of the candidate's run, as Redis knows it. */
export async function judge(
  parts: ExamineParts,
  candidate: Candidate,
  state: RunState | undefined,
  scope: Scope,
): Promise<Decision> {
  const { definition, hasOlder } = candidate
  const { runId, payload } = candidate.run
  const facts = {
    state,
    runId,
    lastModifiedMs: payload.lastModifiedMs,
    nowMs: scope.nowMs,
    graceMs: parts.graceMs,
    watermarkMs: scope.watermarksMs.get(definition.name),
    isThorough: scope.isThorough || hasOlder,
    isExact: scope.isExact,
    isEventKnown: false,
    removesSource: definition.afterSuccess === 'remove' && payload.versionId !== undefined,
    keptMs: parts.resultsKeptMs,
    decidedBeforeMs: scope.decidedBeforeMs,
    isRemovalAnnounced: scope.isRemovalAnnounced ?? false,
  }
  const first = decide(facts)
  if (first.kind !== 'ask-store') return confirmed(parts, candidate, first)
  const isKnown = state !== undefined
  const [records, event] = await Promise.all([
    readRecords(parts, candidate, isKnown),
    isKnown ? 'unknown' : readEvent(parts, candidate),
  ])
  if (event === 'unfit') return { kind: 'leave' }
  const known = { ...facts, records, isEventKnown: event === 'fit' }
  const second = decide(known)
  if (second.kind !== 'ask-place') return confirmed(parts, candidate, second)
  const place = placeOf(definition, payload)
  const vacancy = (await readVacancy(parts.storage, place, runId)) ?? 'occupied'
  return confirmed(parts, candidate, decide({ ...known, records: { ...records, vacancy } }))
}

/** Listings are a moment old: what ended because of a newer version is asked for once more, after its end was read. */
async function confirmed(
  { storage }: ExamineParts,
  { run: { payload } }: Candidate,
  decision: Decision,
): Promise<Decision> {
  if (decision.kind !== 'heal' || decision.reason !== 'restored') return decision
  return (await compareWithLatest(storage, payload)).kind === 'same' ? decision : { kind: 'leave' }
}

/** For a success only the result counts, while there is one. */
async function readRecords(
  { storage }: ExamineParts,
  { definition, run }: Candidate,
  isSuccess: boolean,
): Promise<Records> {
  const only = isSuccess ? await readResult(storage, definition, run.payload) : undefined
  const { result, verdict } = only
    ? { result: only, verdict: undefined }
    : await readRecordedOutcome(storage, definition, run.payload)
  return {
    ...(result && {
      result: { run: result.run, lastModifiedMs: Date.parse(result.source.lastModified) },
    }),
    ...(verdict && { verdict: { run: verdict.run, state: verdict.state } }),
  }
}

/** Whether the function is for the way in which the version came to be, as far as that is remembered. */
async function readEvent(
  { history }: ExamineParts,
  { definition, run: { objectId, payload } }: Candidate,
): Promise<'fit' | 'unfit' | 'unknown'> {
  const { events } = definition
  if (CREATED_EVENTS.every((name) => events.includes(name))) return 'fit'
  const announced = (await history.announcements(objectId)).findLast(
    ({ kind, path, generation }) =>
      kind === 'created' && path !== 'sweep' && generation === payload.generation,
  )
  if (!announced) return 'unknown'
  return events.some((name) => name === announced.eventName) ? 'fit' : 'unfit'
}
