/** A stream as Redis has it: its current or last session, with its owner. Pure. @module */
import type { Door } from '../function/take.ts'

/** Numbers of a session, as its owner counts them. */
export interface StreamNumbers {
  readonly pieces: number
  readonly seconds: number
  readonly sizeBytes: number
  /** Media that was received and given up, since the spool was full. */
  readonly droppedSeconds: number
  /** Media that is missing between pieces, for whatever reason: what was dropped is part of it. */
  readonly gapSeconds: number
  readonly gaps: number
  /** Bytes on the receiver's disk that the store has not acknowledged. */
  readonly spoolBytes: number
}

/** The end of a session, for the history. */
export interface StreamSummary extends Omit<StreamNumbers, 'spoolBytes'> {
  readonly session: string
  readonly door: Door
  /** The reason of its end, as in `session.json`. */
  readonly why: string
  readonly takes: number
  readonly startedAtMs: number
  readonly endedAtMs: number
}

export interface StreamTake {
  readonly take: number
  readonly door: Door
  readonly peer: string
  readonly atMs: number
  /** How it ended, such as `sender-lost`; undefined while it is under way. */
  readonly end?: string | undefined
}

export interface StreamState {
  readonly name: string
  readonly state: 'live' | 'waiting' | 'ended'
  readonly session: string
  /** The last one. */
  readonly take: number
  readonly door: Door | undefined
  readonly peer: string | undefined
  /** Undefined for an operator's token, SRT and pulls. */
  readonly keyId: string | undefined
  readonly startedAtMs: number
  /** Its last take. */
  readonly takeAtMs: number
  readonly beatAtMs: number
  /** A stop of this session was requested. */
  readonly isStopping: boolean
  /** The last 20, oldest first. */
  readonly takes: readonly StreamTake[]
  readonly numbers: StreamNumbers | undefined
  readonly endedAtMs: number | undefined
  readonly summary: StreamSummary | undefined
}

/** As {@link parseStreamState} reads them, for the scripts. */
export function takesText(takes: readonly StreamTake[]): string {
  return JSON.stringify(
    takes.map(({ take, door, peer, atMs, end }) => [
      take,
      door,
      peer,
      atMs,
      ...(end === undefined ? [] : [end]),
    ]),
  )
}

/** Undefined when Redis does not know the stream. */
export function parseStreamState(
  name: string,
  fields: Readonly<Record<string, string>>,
): StreamState | undefined {
  const { state, session } = fields
  if (state === undefined || session === undefined) return undefined
  const takes = JSON.parse(fields['takes'] ?? '[]') as [number, Door, string, number, string?][]
  return {
    name,
    state: state as StreamState['state'],
    session,
    take: Number(fields['take']),
    door: (fields['door'] || undefined) as Door | undefined,
    peer: fields['peer'] || undefined,
    keyId: fields['keyId'] || undefined,
    startedAtMs: Number(fields['startedAt']),
    takeAtMs: Number(fields['takeAt']),
    beatAtMs: Number(fields['beatAt'] ?? 0),
    isStopping: fields['stop'] === session,
    takes: takes.map(([take, door, peer, atMs, end]) => ({ take, door, peer, atMs, end })),
    numbers: parsed(fields['numbers']) as StreamNumbers | undefined,
    endedAtMs: fields['endedAt'] === undefined ? undefined : Number(fields['endedAt']),
    summary: parsed(fields['summary']) as StreamSummary | undefined,
  }
}

function parsed(text: string | undefined): unknown {
  return text ? JSON.parse(text) : undefined
}
