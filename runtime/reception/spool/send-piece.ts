/** One PUT of a piece: a new object with its checksum, or the same object that an earlier attempt has written. @module */
import { createHash } from 'node:crypto'
import { contentTypeOf } from '../../content-types.ts'
import { isStorageCode } from '../../storage/errors.ts'
import { INCOMING_BUCKET } from '../../storage/names.ts'
import { openRegularFile } from '../../storage/regular-file.ts'
import { withStepBuffer } from '../../storage/step-buffer.ts'
import type { Storage } from '../../storage/storage.ts'
import { pieceKey, type SessionOf } from '../names.ts'
import { metadataOf } from '../piece.ts'
import type { Sent, Unsent } from './sender.ts'

/** @throws {StorageError} when another attempt may succeed */
export async function sendPiece(
  storage: Storage,
  of: SessionOf,
  { piece, path, isDiscontinuity }: Unsent,
  signal: AbortSignal,
): Promise<Sent> {
  const sha256Hex = await sha256Of(path, piece.sizeBytes)
  if (sha256Hex === undefined) return { kind: 'lost', reason: 'file-lost' }
  const key = pieceKey(of, piece)
  try {
    await storage.put(
      INCOMING_BUCKET,
      key,
      { path, sizeBytes: piece.sizeBytes, sha256Hex },
      {
        contentType: contentTypeOf(key),
        metadata: metadataOf(piece, isDiscontinuity),
        caching: 'immutable',
        ifNoneMatch: '*',
        signal,
      },
    )
    return { kind: 'stored', sha256Hex }
  } catch (error) {
    if (!isStorageCode(error, 'PreconditionFailed')) throw error
    // An earlier attempt has written it, and was killed before it could say so.
    const found = await storage.head(INCOMING_BUCKET, key, { signal })
    if (!found) throw error
    const isSame = found.sizeBytes === piece.sizeBytes && (found.sha256Hex ?? sha256Hex) === sha256Hex
    return isSame ? { kind: 'stored', sha256Hex } : { kind: 'lost', reason: 'key-taken' }
  }
}

async function sha256Of(path: string, sizeBytes: number): Promise<string | undefined> {
  const file = await openRegularFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!file) return undefined
  try {
    const hash = createHash('sha256')
    await withStepBuffer(sizeBytes, async (buffer) => {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length)
        if (bytesRead === 0) return
        hash.update(buffer.subarray(0, bytesRead))
      }
    })
    return hash.digest('hex')
  } finally {
    await file.close()
  }
}
