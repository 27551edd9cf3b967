/** The record of a session that has ended, `session.json`: its takes, pieces and gaps. Its shape, version 1. @module */
import { z } from 'zod'
import { DOORS } from '../../function/take.ts'
import { parseJson } from '../../json.ts'
import { pieceKey, type SessionOf } from '../names.ts'
import { LOSS_REASONS, type Loss, type Piece } from '../piece.ts'
import { playable } from '../playlist/playlist.ts'
import { GAP_REASONS, rounded, timelineOf, type Entry } from '../playlist/timeline.ts'

/** Why a session has ended. */
export const SESSION_ENDS = [
  'sender-finished',
  'sender-lost',
  'source-ended',
  'unreadable',
  'stopped',
  'key-revoked',
  'max-duration',
  'receiver-lost',
] as const
export type SessionEnd = (typeof SESSION_ENDS)[number]

const count = z.int().min(0)
const seconds = z.number().min(0)
const time = z.iso.datetime()

const takeSchema = z.object({
  take: count,
  door: z.enum(DOORS).optional(),
  peer: z.string().optional().describe('the sender, such as "192.0.2.7:51234"'),
  from: time.optional(),
  to: time.optional(),
  end: z.string().optional().describe('how it ended, such as "sender-lost"'),
  lastLines: z.array(z.string()).describe("FFmpeg's last lines"),
})
export type TakeRecord = z.output<typeof takeSchema>

const lossSchema = z.object({
  take: count,
  from: count.describe('the number of the first piece'),
  to: count.describe('the number of the last piece'),
  seconds,
  reason: z.enum(LOSS_REASONS),
})

export const sessionRecordSchema = z.object({
  schema: z.literal(1),
  name: z.string(),
  session: z.string(),
  why: z.enum(SESSION_ENDS).describe('why it ended'),
  startedAt: time,
  endedAt: time,
  ffmpeg: z.string().describe('the FFmpeg of the receiver that recorded it'),
  takes: z.array(takeSchema).describe('the connections, in order'),
  pieces: z.array(
    z.object({
      key: z.string().describe('in the bucket incoming'),
      take: count,
      startSeconds: z.number().describe('on the time line of its take'),
      seconds,
      bytes: count,
      sha256: z.string().optional(),
      at: time.describe('the wall clock of its end'),
      discontinuity: z.literal(true).optional().describe('its pictures do not follow on those before'),
      partial: z.literal(true).optional().describe('its take was cut within it'),
      unlisted: z
        .literal(true)
        .optional()
        .describe(
          'the playlist does not name it: its format is not that of the first piece, or one of its tracks is empty',
        ),
    }),
  ),
  gaps: z
    .array(
      z.object({
        before: z.string().optional().describe('the key of the piece after it; absent at the end'),
        seconds,
        reason: z.enum(GAP_REASONS),
      }),
    )
    .describe('everything that is missing between the pieces, in order'),
  losses: z.array(lossSchema).describe('pieces that were received and lost'),
  totals: z.object({
    pieces: count,
    seconds,
    bytes: count,
    droppedSeconds: seconds.describe('received and lost'),
    gapSeconds: seconds.describe('missing for whatever reason, with what was dropped'),
    gaps: count,
  }),
})
export type SessionRecord = z.output<typeof sessionRecordSchema>

/** JSON Schema for readers in other languages. */
export function sessionRecordJsonSchema(): object {
  const schema = z.toJSONSchema(sessionRecordSchema, { io: 'input' })
  return { title: 'Sluice session of a stream, version 1', ...schema }
}

export interface RecordFacts {
  readonly of: SessionOf
  readonly why: SessionEnd
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly ffmpeg: string
  readonly takes: readonly TakeRecord[]
  /** In the order of time, as are `losses`. */
  readonly pieces: readonly Piece[]
  readonly losses: readonly Loss[]
}

export function sessionRecord(facts: RecordFacts): SessionRecord {
  const { of, why, pieces, losses } = facts
  const { entries, gaps } = timelineOf(pieces, losses)
  const listed = new Set(playable(entries).map(({ piece }) => piece))
  return {
    schema: 1,
    name: of.name,
    session: of.session,
    why,
    startedAt: isoOf(facts.startedAtMs),
    endedAt: isoOf(facts.endedAtMs),
    ffmpeg: facts.ffmpeg,
    takes: [...facts.takes],
    pieces: entries.map((entry) => toRecord(of, entry, listed.has(entry.piece))),
    gaps: gaps.map((gap) => ({
      ...(gap.before && { before: pieceKey(of, gap.before) }),
      seconds: gap.seconds,
      reason: gap.reason,
    })),
    losses: losses.map((loss) => ({ ...loss, seconds: rounded(loss.seconds) })),
    totals: totalsOf(pieces, losses),
  }
}

function toRecord(
  of: SessionOf,
  { piece, isDiscontinuity }: Entry,
  isListed: boolean,
): SessionRecord['pieces'][number] {
  return {
    key: pieceKey(of, piece),
    take: piece.take,
    startSeconds: piece.startSeconds,
    seconds: piece.seconds,
    bytes: piece.sizeBytes,
    ...(piece.sha256Hex !== undefined && { sha256: piece.sha256Hex }),
    at: isoOf(piece.atMs),
    ...(isDiscontinuity && { discontinuity: true as const }),
    ...(piece.isPartial && { partial: true as const }),
    ...(!isListed && { unlisted: true as const }),
  }
}

export function totalsOf(pieces: readonly Piece[], losses: readonly Loss[]): SessionRecord['totals'] {
  const { gaps } = timelineOf(pieces, losses)
  return {
    pieces: pieces.length,
    seconds: total(pieces.map((piece) => piece.seconds)),
    bytes: total(pieces.map(({ sizeBytes }) => sizeBytes)),
    droppedSeconds: total(losses.map((loss) => loss.seconds)),
    gapSeconds: total(gaps.map((gap) => gap.seconds)),
    gaps: gaps.length,
  }
}

/** The record in `text`; undefined when it is not one, or one of another schema version. */
export function parseSessionRecord(text: string): SessionRecord | undefined {
  return sessionRecordSchema.safeParse(parseJson(text)).data
}

/** The takes of both; of a take that both know, the fields of `some` count. */
export function mergedTakes(
  some: readonly TakeRecord[],
  others: readonly TakeRecord[],
): readonly TakeRecord[] {
  const known = new Set(some.map(({ take }) => take))
  return [...some, ...others.filter(({ take }) => !known.has(take))].toSorted((a, b) => a.take - b.take)
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}

function total(numbers: readonly number[]): number {
  return rounded(numbers.reduce((sum, each) => sum + each, 0))
}
