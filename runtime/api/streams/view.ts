/** Streams as the interface shows them, from Redis's state and the wanted pulls. Pure. @module */
import { recordKey } from '../../reception/names.ts'
import { withoutSecrets, type StreamKey, type WantedPull } from '../../queue/stream-records.ts'
import type { PullFailure } from '../../queue/stream-pulls.ts'
import type { StreamState, StreamSummary } from '../../queue/stream-state.ts'
import { RESULT_BUCKET } from '../../storage/names.ts'
import { SECOND_MS } from '../../time.ts'
import { toTime } from '../http/page.ts'
import type { StreamDetail, StreamKeyView, StreamSessionView, StreamView } from './model.ts'

export interface Times {
  readonly nowMs: number
  readonly leaseMs: number
}

/** A stream that is to be pulled, with its last failure. */
export interface Wanted {
  readonly pull: WantedPull
  readonly failure?: PullFailure | undefined
}

/** @param state - undefined for a stream that is wanted only */
export function streamView(
  name: string,
  state: StreamState | undefined,
  wanted: Wanted | undefined,
  times: Times,
): StreamView {
  const pulled = wanted && { wanted: wantedView(wanted) }
  // A pull that was ended before it gave media leaves nothing behind.
  if (!state)
    return { name, state: wanted ? 'wanted' : 'ended', isStopping: false, isReceiverSilent: false, ...pulled }
  const { session, door, peer, keyId, take, startedAtMs, takeAtMs, endedAtMs, beatAtMs, numbers, summary } =
    state
  const hasEnded = state.state === 'ended'
  const isReceiverSilent = !hasEnded && beatAtMs + times.leaseMs < times.nowMs
  return {
    name,
    state: shownState(state, wanted !== undefined, isReceiverSilent),
    session,
    ...(door !== undefined && { door }),
    ...(peer !== undefined && { peer }),
    ...(keyId !== undefined && { keyId }),
    takes: take,
    startedAt: toTime(startedAtMs),
    ...(Number.isFinite(takeAtMs) && { takeStartedAt: toTime(takeAtMs) }),
    ...(endedAtMs !== undefined && { endedAt: toTime(endedAtMs) }),
    ...(hasEnded && summary && { why: summary.why, numbers: { ...countsOf(summary), spoolBytes: 0 } }),
    isStopping: state.isStopping,
    isReceiverSilent,
    ...(numbers && { numbers: { ...numbers } }),
    ...(numbers && !hasEnded && { numbersAt: toTime(beatAtMs) }),
    ...pulled,
    playlist: `/v1/streams/${name}/live.m3u8`,
  }
}

function wantedView({ pull, failure }: Wanted): NonNullable<StreamView['wanted']> {
  const { url, sinceMs, maxDurationMs, reconnectMs, ...options } = pull
  // One of an earlier wish says nothing of this one.
  const lastFailure = failure?.sinceMs === sinceMs ? failure : undefined
  return {
    ...options,
    url: withoutSecrets(url),
    since: toTime(sinceMs),
    ...(maxDurationMs !== undefined && { maxDurationSeconds: maxDurationMs / SECOND_MS }),
    ...(reconnectMs !== undefined && { reconnectSeconds: reconnectMs / SECOND_MS }),
    ...(lastFailure && {
      lastFailure: { why: lastFailure.why, at: toTime(lastFailure.atMs), failures: lastFailure.failures },
    }),
  }
}

function shownState({ state }: StreamState, isWanted: boolean, isSilent: boolean): StreamView['state'] {
  if (state === 'ended') return isWanted ? 'wanted' : 'ended'
  return isSilent ? 'waiting' : state
}

export function streamDetail(
  view: StreamView,
  state: StreamState | undefined,
  history: readonly StreamSummary[],
): StreamDetail {
  const takes = state?.takes ?? []
  return {
    ...view,
    lastTakes: takes.map(({ take, door, peer, atMs, end }) => ({
      take,
      door,
      peer,
      startedAt: toTime(atMs),
      ...(end !== undefined && { end }),
    })),
    history: history.map((summary) => sessionView(view.name, summary)),
  }
}

function sessionView(name: string, summary: StreamSummary): StreamSessionView {
  const { session, door, why, takes, startedAtMs, endedAtMs } = summary
  return {
    session,
    door,
    why,
    takes,
    startedAt: toTime(startedAtMs),
    endedAt: toTime(endedAtMs),
    ...countsOf(summary),
    record: { bucket: RESULT_BUCKET, key: recordKey({ name, session }) },
  }
}

function countsOf({ pieces, seconds, sizeBytes, droppedSeconds, gapSeconds, gaps }: StreamSummary) {
  return { pieces, seconds, sizeBytes, droppedSeconds, gapSeconds, gaps }
}

export function keyView(name: string, key: StreamKey): StreamKeyView {
  return {
    id: key.id,
    name,
    createdAt: toTime(key.createdAtMs),
    ...(key.expiresAtMs !== undefined && { expiresAt: toTime(key.expiresAtMs) }),
    ...(key.revokedAtMs !== undefined && { revokedAt: toTime(key.revokedAtMs) }),
  }
}
