/** The folders of attempts in a listing, and which of them are so old that no attempt can be writing to them. Pure. @module */
import { decodeTime } from 'ulid'
import { attemptFolder, attemptOfKey, type AttemptOfKey } from '../../output/layout.ts'
import type { ListedObject } from '../../storage/storage.ts'

export interface FoundFolder extends AttemptOfKey {
  readonly bucket: string
  /** Time of its newest file, version or delete marker, by the store's clock. */
  readonly newestMs: number
}

export interface Ages {
  /** Required age of its newest file and of its place's manifest: readers of the previous result may still be reading. */
  readonly folderMs: number
  /** An attempt that started this much longer ago than its function's `timeout` has certainly ended. */
  readonly slackMs: number
}

/** The folders found in some rows of a listing. */
export interface Gathered {
  readonly folders: readonly FoundFolder[]
  /** The last key that was read, of a folder with all its versions; undefined at the end of the listing. */
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
