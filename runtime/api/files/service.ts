/** Files of buckets that functions read or write, as a browser may be trusted with them. @module */
import type { FunctionDefinition } from '../../function/definition.ts'
import { OWN_FOLDER } from '../../output/layout.ts'
import { printable } from '../../printable.ts'
import type { TokenRole } from '../../settings/config.ts'
import { impossibleKey } from '../../storage/names.ts'
import type { Storage } from '../../storage/storage.ts'
import { ProblemError, RefusedError } from '../http/problem.ts'
import { type FileRequest, sendObject } from '../http/send-object.ts'

export interface WantedFile {
  readonly bucket: string
  readonly key: string
  readonly role: TokenRole
  /** A browser saves it, whatever it is. */
  readonly isSaved: boolean
}

export interface FileService {
  /** @throws {ProblemError} 403 for a source that the role may not read; {RefusedError} for what is not there */
  send(wanted: WantedFile, request: FileRequest): Promise<Response>
}

/**
 * Types that a browser may show. All others are saved: HTML, SVG and PDF are programs, and strangers name the types of their
 * uploads.
 */
const SHOWN =
  /^(?:video\/[\w.+-]+|audio\/[\w.+-]+|image\/(?:jpeg|png|webp|gif|avif)|text\/(?:plain|vtt)|application\/(?:json|dash\+xml|vnd\.apple\.mpegurl))$/

/** Nothing of a file runs, loads or is embedded elsewhere. */
const CONFINED = {
  'content-security-policy': "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}

export function createFileService(parts: {
  readonly storage: Pick<Storage, 'head' | 'get'>
  readonly functions: readonly FunctionDefinition[]
}): FileService {
  const { storage, functions } = parts
  const isResult = (name: string) => functions.some(({ outputBucket }) => outputBucket === name)
  const isSource = (name: string) => functions.some(({ bucket }) => bucket === name)

  return {
    async send({ bucket, key, role, isSaved }, request) {
      const what = `${bucket}/${printable(key)}`
      if (isHidden(key) || !(isResult(bucket) || isSource(bucket)))
        throw new RefusedError(
          'not-found',
          `there is no file ${what} here: files are those that functions read or write`,
        )
      if (!isResult(bucket) && role === 'reader')
        throw new ProblemError(403, `the role operator is required: ${what} is a source, not a result`)
      return sendObject(
        storage,
        {
          bucket,
          key,
          what,
          headersOf({ contentType }) {
            const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
            const isShown = !isSaved && SHOWN.test(type)
            return {
              ...CONFINED,
              'content-type': isShown ? (contentType ?? type) : 'application/octet-stream',
              'content-disposition': dispositionOf(isShown ? 'inline' : 'attachment', key),
              // Manifests and pointers change; a version is asked for again by its ETag.
              'cache-control': 'private, no-cache',
            }
          },
        },
        request,
      )
    },
  }
}

/** MinIO takes a slash at the beginning away: only a key that it reads as it is written can be checked. */
function isHidden(key: string): boolean {
  return impossibleKey(key) !== undefined || key.startsWith(OWN_FOLDER)
}

/** RFC 6266, with the name as RFC 8187 wants it. */
function dispositionOf(how: 'inline' | 'attachment', key: string): string {
  const name = encodeURIComponent(key.slice(key.lastIndexOf('/') + 1).toWellFormed())
  return `${how}; filename*=UTF-8''${name.replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`)}`
}
