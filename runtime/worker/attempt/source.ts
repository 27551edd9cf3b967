/** How a handler reads its input: exactly the version of the run, never "the latest". @module */
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { SourceObject } from '../../function.ts'
import { isStorageCode } from '../../storage/errors.ts'
import type { Storage } from '../../storage/storage.ts'

export interface Source {
  /** The whole object on disk; the path has a fixed name in the scratch folder, whatever the key. */
  file(): Promise<string>
  /** The bytes as they come. Consume or destroy it. */
  stream(): Promise<Readable>
  /** Up to `count` bytes from `start` on, in memory; fewer where the object ends. */
  bytes(start: number, count: number): Promise<Buffer>
  /**
   * What a tool such as FFmpeg reads: the path of {@link Source.file} for small objects; for large ones a URL such as
   * `http://127.0.0.1:40123/<token>` that answers ranges and is good for this attempt only, so that nothing is copied.
   */
  input(): Promise<string>
}

/** The version was removed while the attempt ran. */
export class SourceGoneError extends Error {
  override readonly name = 'SourceGoneError'
}

/** Another version has taken the place of this one on a bucket without versions. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError'
}

export interface SourceParts {
  readonly storage: Storage
  readonly object: SourceObject
  readonly scratch: string
  readonly signal: AbortSignal
  readonly onBytes: (count: number) => void
}

export function createSource({ storage, object, scratch, signal, onBytes }: SourceParts): Source {
  const { bucket, key, versionId, etag } = object
  let downloaded: Promise<string> | undefined

  async function stream(): Promise<Readable> {
    try {
      const pin = versionId === undefined ? { ifMatch: etag } : { versionId }
      const { body } = await storage.get(bucket, key, { ...pin, signal })
      return body
    } catch (error) {
      if (isStorageCode(error, 'NoSuchKey', 'NoSuchVersion')) {
        throw new SourceGoneError('the source was removed while the attempt ran', { cause: error })
      }
      if (isStorageCode(error, 'PreconditionFailed')) {
        throw new SupersededError('the source was overwritten while the attempt ran', { cause: error })
      }
      throw error
    }
  }

  async function download(): Promise<string> {
    const path = join(scratch, 'source')
    let receivedBytes = 0
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        receivedBytes += chunk.length
        onBytes(chunk.length)
        done(null, chunk)
      },
    })
    await pipeline(await stream(), counted, createWriteStream(path, { flags: 'w', mode: 0o600 }), { signal })
    if (receivedBytes !== object.sizeBytes) {
      throw new Error(`the store sent ${receivedBytes} of the source's ${object.sizeBytes} bytes`)
    }
    return path
  }

  const file = () => (downloaded ??= download())

  return {
    stream,
    file,
    async bytes(start, count) {
      const handle = await open(await file())
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, start)
        return buffer.subarray(0, bytesRead)
      } finally {
        await handle.close()
      }
    },
    input: file,
  }
}
