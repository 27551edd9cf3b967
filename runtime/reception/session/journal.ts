/**
 * The journal of a session's folder: one line of JSON for each thing that happened to it, so that another process can continue
 * after a kill at any moment. A line that was torn is left out: its file is then measured again, or sent again.
 * @module
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DOORS } from '../../function/take.ts'
import { parseJson } from '../../json.ts'
import { JOINS } from '../../settings/streams.ts'
import { LOSS_REASONS } from '../piece.ts'

const JOURNAL = 'journal.ndjson'
const count = z.int().min(0)
const ms = z.number()
const place = { take: count, number: count }

const entrySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('take'),
    take: count,
    door: z.enum(DOORS),
    peer: z.string(),
    keyId: z.string().optional(),
    /** Of the owner in Redis. */
    token: z.string(),
    fence: z.string(),
    /** Of the session. */
    startedAtMs: ms,
    atMs: ms,
    options: z
      .object({
        pieceSeconds: count.optional(),
        sessionMs: ms.optional(),
        reconnectMs: ms.optional(),
        join: z.enum(JOINS).optional(),
      })
      .optional(),
  }),
  /** Another process has taken the session over from a dead one. */
  z.object({
    kind: z.literal('adopted'),
    token: z.string(),
    /** The last one, and the start of the session: this disk may have seen none of its takes. */
    take: count.optional(),
    startedAtMs: ms.optional(),
  }),
  z.object({
    kind: z.literal('piece'),
    ...place,
    extension: z.enum(['.ts', '.mp4']),
    startSeconds: z.number(),
    seconds: z.number(),
    sizeBytes: count,
    headerBytes: count.optional(),
    hasSilentTrack: z.literal(true).optional(),
    atMs: ms,
    isPartial: z.boolean(),
  }),
  z.object({ kind: z.literal('stored'), ...place, sha256Hex: z.string() }),
  z.object({
    kind: z.literal('lost'),
    ...place,
    reason: z.enum(LOSS_REASONS),
  }),
  z.object({
    kind: z.literal('take-ended'),
    take: count,
    how: z.string(),
    atMs: ms,
    lastLines: z.array(z.string()),
  }),
  /** The session has ended: what is left is to send and to record. */
  z.object({ kind: z.literal('ended'), why: z.string(), atMs: ms }),
])

export type JournalEntry = z.output<typeof entrySchema>

export interface Journal {
  /** @throws when the disk is full or gone */
  append(entry: JournalEntry): void
}

export function openJournal(folder: string): Journal {
  const path = join(folder, JOURNAL)
  // The last line of a process that was killed may be torn: ours must not become its second half.
  let prefix = textOf(path).endsWith('\n') ? '' : '\n'
  return {
    append(entry) {
      const line = `${prefix}${JSON.stringify(entry)}\n`
      // A full disk may take half of it.
      prefix = '\n'
      appendFileSync(path, line, { mode: 0o600 })
      prefix = ''
    },
  }
}

/** Everything that can be read, in order. */
export function readJournal(folder: string): readonly JournalEntry[] {
  return parseJournal(textOf(join(folder, JOURNAL)))
}

export function parseJournal(text: string): readonly JournalEntry[] {
  return text.split('\n').flatMap((line) => {
    const { success, data } = entrySchema.safeParse(parseJson(line))
    return success ? [data] : []
  })
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '\n'
    throw error
  }
}
