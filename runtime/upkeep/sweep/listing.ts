/** The keys of a bucket as the sweep sees them: of each its latest row, in batches that a pass can stop behind. @module */
import type { ListedObject, Storage } from '../../storage/storage.ts'

export interface ListedKey {
  /** An object, or a delete marker. */
  readonly latest: ListedObject
  /** Whether there are older versions of it. */
  readonly hasOlder: boolean
}

/** The time that it takes to read one page of a listing is time that the intake waits, in the same process. */
const PAGE = 500

export interface KeysRequest {
  readonly prefix?: string | undefined
  /** Only keys behind this one. */
  readonly after?: string | undefined
  /** @defaultValue 500 */
  readonly pageSize?: number | undefined
}

/** In the order of the keys. Of a key the latest row comes first, whatever page the others are on. */
export async function* listKeys(
  storage: Pick<Storage, 'list'>,
  bucket: string,
  { prefix, after, pageSize = PAGE }: KeysRequest,
): AsyncGenerator<readonly ListedKey[]> {
  let batch: ListedKey[] = []
  let open: ListedKey | undefined
  const options = { prefix: prefix ?? '', after, versions: true, pageSize }
  for await (const row of storage.list(bucket, options)) {
    if (open && row.key === open.latest.key) {
      if (!row.isDeleteMarker && !open.hasOlder) open = { ...open, hasOlder: true }
      continue
    }
    if (open) batch.push(open)
    open = row.isLatest ? { latest: row, hasOlder: false } : undefined
    if (batch.length >= pageSize) {
      yield batch
      batch = []
    }
  }
  if (open) batch.push(open)
  if (batch.length > 0) yield batch
}
