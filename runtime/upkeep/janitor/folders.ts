/** The folders of attempts in a listing, and which of them are old enough that nobody can be writing to them. Pure. @module */
import { decodeTime } from 'ulid'
import { attemptFolder, attemptOfKey, type AttemptOfKey } from '../../output/layout.ts'
import type { ListedObject } from '../../storage/storage.ts'

export interface FoundFolder extends AttemptOfKey {
  readonly bucket: string
  /** Of its newest file, version or delete marker, by the store's clock. */
  readonly newestMs: number
}

export interface Ages {
  /** How old its newest file and its place's manifest have to be: readers of the result before may still be at it. */
  readonly folderMs: number
  /** How much longer than its function's `timeout` ago an attempt has begun that has certainly ended. */
  readonly slackMs: number
}

/** What the rows of a listing came to. */
export interface Gathered {
  readonly folders: readonly FoundFolder[]
  /** The last key that was looked at, of a folder with all its versions; undefined when the listing came to its end. */
  readonly after: string | undefined
}

/**
 * Reads a listing in the order of its keys: `limit` rows, and on to the end of the folder that is open then.
 */
export async function gather(
  bucket: string,
  rows: AsyncIterable<ListedObject>,
  limit: number,
): Promise<Gathered> {
  const folders: FoundFolder[] = []
  let open: FoundFolder | undefined
  let last: string | undefined
  let count = 0
  for await (const { key, lastModifiedMs } of rows) {
    const isOfOpen = open !== undefined && key.startsWith(attemptFolder(open, open.attempt))
    if (count >= limit && !isOfOpen) return { folders: all(folders, open), after: last }
    count++
    last = key
    if (open && isOfOpen) {
      open = { ...open, newestMs: Math.max(open.newestMs, lastModifiedMs) }
      continue
    }
    if (open) folders.push(open)
    const found = attemptOfKey(key)
    open = found && { ...found, bucket, newestMs: lastModifiedMs }
  }
  return { folders: all(folders, open), after: undefined }
}

function all(folders: readonly FoundFolder[], open: FoundFolder | undefined): readonly FoundFolder[] {
  return open ? [...folders, open] : folders
}

/**
 * Whether no attempt can still be writing to the folder. An attempt ends itself at its function's `timeout`, whatever its
 * lease; a process that slept meanwhile is found by asking for running runs.
 */
export function isAbandoned(
  { attempt, newestMs }: Pick<FoundFolder, 'attempt' | 'newestMs'>,
  timeoutMs: number,
  nowMs: number,
  { folderMs, slackMs }: Ages,
): boolean {
  const begunMs = decodeTime(attempt)
  return nowMs - newestMs > folderMs && nowMs - begunMs > Math.max(folderMs, timeoutMs + slackMs)
}
