/**
 * Pointers: stable names beside the manifest that show files of the newest result. They are written after a commit or an
 * adoption, always from the current manifest, so that two writers end with the same.
 * @module
 */
import { inRounds, putIfUnchanged } from '../storage/swap.ts'
import { buffer } from 'node:stream/consumers'
import pRetry from 'p-retry'
import { messageOf } from '../errors.ts'
import { isStorageCode, StorageError } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { type Manifest, readCurrent } from './manifest.ts'
import { pointerKey, type ResultPlace } from './layout.ts'

export interface PointerRequest {
  readonly storage: Storage
  readonly place: ResultPlace
  readonly names: Iterable<string>
  readonly signal?: AbortSignal | undefined
}

/**
 * Brings these pointers in line with the current manifest; a pointer that it does not name is removed.
 *
 * @returns the reason why some are still missing after a few attempts. It never throws: the manifest is the result and is already
 * committed; the next process that finds it repairs them
 */
export async function writePointers(request: PointerRequest): Promise<string | undefined> {
  const { signal } = request
  const owed = new Set(request.names)
  try {
    await pRetry(() => writeOwed(request, owed), {
      retries: 2,
      minTimeout: 200,
      randomize: true,
      ...(signal && { signal }),
    })
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Tries each of `owed` and removes from it those that are in line. */
async function writeOwed(request: PointerRequest, owed: Set<string>): Promise<void> {
  let failure: { readonly error: unknown } | undefined
  for (const name of owed) {
    try {
      await writePointer(request, name)
      owed.delete(name)
    } catch (error) {
      failure ??= { error }
      // The store is away: the others would fail the same way.
      if (error instanceof StorageError && error.isPassing) break
    }
  }
  if (failure) throw failure.error
}

async function writePointer(request: PointerRequest, name: string): Promise<void> {
  const subject = `the pointer ${JSON.stringify(name)} in ${JSON.stringify(request.place.folder)}`
  await inRounds(subject, async () => (await isInLine(request, name)) || undefined)
}

/** One round: pointer first, manifest second, so that a change of either in between makes the write fail. */
async function isInLine(request: PointerRequest, name: string): Promise<boolean> {
  const { storage, place, signal } = request
  const key = pointerKey(place, name)
  const pointer = await storage.head(place.bucket, key, { signal })
  const current = await readCurrent(storage, place, signal)
  // Gone, or of a later schema, whose pointers only its writer knows.
  if (!current?.manifest) return true
  const file = fileOf(current.manifest, name)
  if (file === undefined) {
    if (pointer === undefined) return true
    // MinIO has no conditional delete. A pointer that another result wrote meanwhile is lost here; the next round
    // sees its manifest and writes it again.
    await storage.remove(place.bucket, key, { signal })
    return false
  }
  if (pointer?.sha256Hex === file.sha256) return true
  const content = await read(request, file.key)
  if (!content) return false
  // False when another writer was here.
  return putIfUnchanged(storage, { bucket: place.bucket, key }, pointer?.etag, {
    bytes: content,
    contentType: file.contentType,
    signal,
  })
}

/** Undefined when the janitor has removed the folder of the manifest that we read. */
async function read({ storage, place, signal }: PointerRequest, key: string): Promise<Buffer | undefined> {
  try {
    const { body } = await storage.get(place.bucket, key, { signal })
    return await buffer(body)
  } catch (error) {
    if (isStorageCode(error, 'PreconditionFailed', 'NoSuchKey')) return undefined
    throw error
  }
}

function fileOf(manifest: Manifest, name: string): Manifest['files'][number] | undefined {
  const key = manifest.pointers[name]
  return key === undefined ? undefined : manifest.files.find((file) => file.key === key)
}
