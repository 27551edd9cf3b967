/**
 * The folders of attempts in a listing, which of them are so old that no attempt can be writing to them, and their removal, after a
 * last check of everything that could still need them. When in doubt a folder is kept.
 * @module
 */
import { decodeTime } from 'ulid'
import { attemptFolder, attemptOfKey, type AttemptOfKey, manifestKeyIn } from '../../output/layout.ts'
import type { ListedObject, Storage } from '../../storage/storage.ts'
import { batchesOf } from '../../amounts.ts'
import { readCurrent } from '../../output/manifest.ts'
import { removeAll } from '../../output/attempt-folder.ts'
import { newestVersionOf } from '../../output/removal.ts'

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

export interface RemovalParts {
  readonly storage: Storage
  readonly ages: Ages
  /** By Redis's clock. */
  readonly nowMs: number
}

/** Files removed between two checks of the manifest. */
const BATCH = 64

/** How many files were removed, each with its versions; undefined when the folder is kept. Check first that no run of its place is in progress. */
export async function removeFolder(parts: RemovalParts, found: FoundFolder): Promise<number | undefined> {
  const { storage, ages, nowMs } = parts
  const rows: ListedObject[] = []
  const prefix = attemptFolder(found, found.attempt)
  for await (const row of storage.list(found.bucket, { prefix, versions: true })) {
    if (nowMs - row.lastModifiedMs <= ages.folderMs) return undefined
    rows.push(row)
  }
  let judged: Judged = {}
  for (const batch of batchesOf(rows, BATCH)) {
    const needless = await judge(parts, found, judged)
    if (!needless) return undefined
    judged = needless
    await removeAll(storage, found.bucket, batch)
  }
  return new Set(rows.map(({ key }) => key)).size
}

/** The newest version of a manifest that makes the folder needless; nothing when there is none of it, or it was removed. */
interface Judged {
  readonly version?: string
}

/**
 * The current manifest, if there is one, when it is old and another attempt's; undefined when it is neither. Its newest version is
 * read first, so that one written between the two reads is found by the second; a version judged before is not read again.
 */
async function judge(
  { storage, ages, nowMs }: RemovalParts,
  found: FoundFolder,
  before: Judged,
): Promise<Judged | undefined> {
  const { bucket, attempt } = found
  const manifestKey = manifestKeyIn(found.folder)
  const newest = await newestVersionOf(storage, bucket, manifestKey)
  if (newest && nowMs - newest.lastModifiedMs <= ages.folderMs) return undefined
  const version = newest && [newest.versionId, newest.etag, newest.lastModifiedMs].join(' ')
  if (version !== undefined && version === before.version) return before
  const current = await readCurrent(storage, { bucket, manifestKey })
  if (!current) return newest === undefined || newest.isDeleteMarker ? {} : undefined
  if (current.identity === 'foreign' || current.identity.attempt === attempt) return undefined
  return current.etag === newest?.etag ? { ...(version !== undefined && { version }) } : undefined
}
