/** When a pass of the sweep begins and which, and how fast it goes. @module */
import { HOUR_MS, MINUTE_MS, SECOND_MS, sleep } from '../../time.ts'
import {
  isAboutAll,
  type Pass,
  type PassCause,
  type SweepState,
  type PassRequest,
} from '../../queue/sweeps.ts'

export interface DueSettings {
  readonly everyMs: number
  readonly fullEveryMs: number
  readonly graceMs: number
}

/** Passes that this process wants since it started, or since a server came back. */
export interface Wants {
  readonly isFullWanted: boolean
  readonly isRecentWanted: boolean
}

export interface Due {
  readonly kind: Pass['kind']
  readonly cause: PassCause
  readonly request?: PassRequest
}

/** An upload's time may be that of its start or of its end, and clocks differ. */
const SLACK_MS = HOUR_MS
/** Passes may take one part in this many of the time, so that a large bucket is not listed all the time. */
const REST = 20

export function duePass(
  state: SweepState,
  wants: Wants,
  settings: DueSettings,
  nowMs: number,
): Due | undefined {
  const [request] = state.requests ?? []
  const { full, recent, failed } = endedBefore(state, nowMs)
  if (request) return { kind: request.kind, cause: 'request', request }
  const isStarting = wants.isFullWanted || wants.isRecentWanted
  if (failed && !isStarting && nowMs - endOf(failed) < restAfter(failed, settings)) return undefined
  // Redis has lost its state, or never had any.
  if (!full) return { kind: 'full', cause: 'no-marker' }
  if (wants.isFullWanted) return { kind: 'full', cause: 'start' }
  if (nowMs - full.startedAtMs >= settings.fullEveryMs) return { kind: 'full', cause: 'interval' }
  if (wants.isRecentWanted) return { kind: 'recent', cause: 'reconnect' }
  const last = recent && recent.startedAtMs > full.startedAtMs ? recent : full
  return nowMs - endOf(last) >= restAfter(last, settings) ? { kind: 'recent', cause: 'interval' } : undefined
}

/** A mark in the future comes from a wrong clock: with it, nothing would be due until then. */
function endedBefore({ full, recent, failed }: SweepState, nowMs: number): SweepState {
  const isPast = (pass: Pass | undefined) => pass !== undefined && pass.startedAtMs <= nowMs
  return {
    ...(isPast(full) && { full }),
    ...(isPast(recent) && { recent }),
    ...(isPast(failed) && { failed }),
  }
}

/** Uploads that were too young are checked again when they are old enough, and a failed pass is soon retried. */
function restAfter(last: Pass, { everyMs, graceMs }: DueSettings): number {
  const hasYoung = (last.reported['too-young'] ?? 0) > 0
  const soonMs = last.failure === undefined ? graceMs + SECOND_MS : MINUTE_MS
  const wantedMs = hasYoung || last.failure !== undefined ? Math.min(everyMs, soonMs) : everyMs
  return Math.max(wantedMs, REST * (endOf(last) - last.startedAtMs))
}

function endOf({ startedAtMs, endedAtMs = startedAtMs }: Pass): number {
  return endedAtMs
}

/** Uploads that are older than this were decided by passes that have ended; undefined when none about everything has. */
export function decidedBeforeMs(state: SweepState, graceMs: number, nowMs: number): number | undefined {
  const { full, recent } = endedBefore(state, nowMs)
  if (!full) return undefined
  return Math.max(0, Math.max(full.startedAtMs, recent?.startedAtMs ?? 0) - SLACK_MS - graceMs)
}

/**
 * A new pass. A recent one leaves out what a pass before it has decided, but for what that may have found too young.
 */
export function newPass(
  id: string,
  { kind, cause, request }: Due,
  state: SweepState,
  graceMs: number,
  nowMs: number,
): Pass {
  const { full, recent } = endedBefore(state, nowMs)
  const lastMs = Math.max(full?.startedAtMs ?? 0, recent?.startedAtMs ?? 0)
  const isWhole = !request || isAboutAll(request)
  return {
    ...request,
    id: request?.id ?? id,
    kind,
    cause,
    startedAtMs: nowMs,
    sinceMs: kind === 'full' ? 0 : Math.max(0, lastMs - SLACK_MS - graceMs),
    // Without a mark it is unknown whether results followed deletes at that time.
    ...(full && { deletesSinceMs: Math.max(0, full.startedAtMs - SLACK_MS - graceMs) }),
    // Runs are not in one bucket or another: they are looked at when everything is.
    at: isWhole ? { stage: 'runs', cursor: '0' } : { stage: 'objects', bucket: '' },
    objects: 0,
    runs: 0,
    healed: {},
    reported: {},
  }
}

/** The longest rest between two batches. */
const LONGEST_REST_MS = SECOND_MS

/**
 * Rests after each item for as long as it took: half of the time belongs to the intake and the API of the same process. Ends
 * after the item in hand when `signal` aborts.
 */
export async function* paced<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  let beganMs = performance.now()
  for await (const item of items) {
    yield item
    await sleep(Math.min(performance.now() - beganMs, LONGEST_REST_MS), signal)
    if (signal.aborted) return
    beganMs = performance.now()
  }
}
