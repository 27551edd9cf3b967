/** Uploads by browsers and programs without an account of the store: checked first, then sent straight to it. @module */
import { createHash } from 'node:crypto'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Router } from '../../function/routing.ts'
import type { Storage } from '../../storage/storage.ts'
import { isWrongUpload, type UploadStore } from '../../storage/uploads.ts'
import { HOUR_MS, SECOND_MS } from '../../time.ts'
import { toTime } from '../http/page.ts'
import { RefusedError } from '../http/problem.ts'
import { checkUpload, type Issue } from './checks.ts'
import type { CompleteRequest, Upload, UploadRequest } from './model.ts'

export interface UploadService {
  /** Whether there is an account for uploads here. */
  readonly isOn: boolean
  /** @throws {RefusedError} impossible with every issue; conflict when `ifAbsent` and it is there */
  begin(asked: UploadRequest): Promise<Upload>
  /** Makes the object of its parts. @throws {RefusedError} conflict when they do not make one */
  complete(upload: string, asked: CompleteRequest): Promise<{ readonly object: string }>
  /** May be called twice. */
  abort(upload: string, of: { readonly bucket: string; readonly key: string }): Promise<void>
}

export interface UploadParts {
  readonly storage: Pick<Storage, 'head'>
  readonly functions: readonly FunctionDefinition[]
  readonly router: Router
  /** Undefined without the uploader's account. */
  readonly uploads: UploadStore | undefined
}

/** A larger object is sent in parts, so that a broken line costs one of them. */
const IN_PARTS_BYTES = 64 * 1024 ** 2
const PART_BYTES = 16 * 1024 ** 2
const MAX_PARTS = 1_000
/** S3's answer to a signature is given when a PUT begins, so this bounds the wait, not the sending. */
const SINGLE_MS = HOUR_MS
/** MinIO removes uploads that were not completed after a day. */
const PARTED_MS = 24 * HOUR_MS

export function createUploadService({ storage, functions, router, uploads }: UploadParts): UploadService {
  function store(): UploadStore {
    if (uploads) return uploads
    throw new RefusedError(
      'conflict',
      'this runtime has no account for uploads: set MINIO_UPLOADER_ACCESS_KEY and MINIO_UPLOADER_SECRET_KEY, or upload with an S3 client',
    )
  }

  return {
    isOn: uploads !== undefined,
    async begin(asked) {
      const { bucket, key, sizeBytes, contentType, ifAbsent } = asked
      const target = { bucket, key }
      const to = store()
      const checked = checkUpload({ functions, router }, asked)
      if (!('running' in checked)) throw refused(checked)
      if (ifAbsent && (await storage.head(bucket, key)))
        throw new RefusedError('conflict', `there is already an object "${key}" in bucket "${bucket}"`)
      const { metadata, running, maxBytes } = checked
      const lifeMs = sizeBytes > IN_PARTS_BYTES ? PARTED_MS : SINGLE_MS
      const facts = {
        method: 'PUT' as const,
        expiresAt: toTime(Date.now() + lifeMs),
        object: objectAddress(target),
        functions: running.map(({ name }) => name),
        maxBytes: Number.isFinite(maxBytes) ? maxBytes : null,
      }
      if (sizeBytes <= IN_PARTS_BYTES) {
        const headers = {
          ...(contentType !== undefined && { 'content-type': contentType }),
          ...(ifAbsent && { 'if-none-match': '*' }),
        }
        return { ...facts, url: to.putUrl(target, metadata, lifeMs / SECOND_MS), headers }
      }
      const upload = await to.begin(target, { contentType, metadata })
      const parts = partsOf(sizeBytes).map((part) => ({
        ...part,
        url: to.partUrl({ ...target, upload }, part.number, lifeMs / SECOND_MS),
      }))
      const path = `/v1/uploads/${encodeURIComponent(upload)}`
      return { ...facts, headers: {}, upload, parts, complete: `${path}/complete`, abort: `${path}/abort` }
    },

    async complete(upload, { bucket, key, parts }) {
      const finished = parts
        .map(({ number, etag }) => ({ number, etag: etag.replaceAll('"', '') }))
        .toSorted((one, other) => one.number - other.number)
      try {
        await store().complete({ bucket, key, upload }, finished)
      } catch (error) {
        if (!isWrongUpload(error)) throw error
        // The answer to an earlier try was lost: the object is there.
        const found = error.code === 'NoSuchUpload' ? await storage.head(bucket, key) : undefined
        if (found?.etag === etagOf(finished)) return { object: objectAddress({ bucket, key }) }
        throw new RefusedError(
          'conflict',
          `the parts of "${key}" do not make an object (${error.code}): upload it again`,
        )
      }
      return { object: objectAddress({ bucket, key }) }
    },

    abort: (upload, { bucket, key }) => store().abort({ bucket, key, upload }),
  }
}

/** Parts of one length, at most {@link MAX_PARTS}; the last one is shorter. */
export function partsOf(sizeBytes: number): readonly { number: number; from: number; to: number }[] {
  const partBytes = Math.max(PART_BYTES, Math.ceil(sizeBytes / MAX_PARTS))
  return Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => ({
    number: index + 1,
    from: index * partBytes,
    to: Math.min(sizeBytes, (index + 1) * partBytes),
  }))
}

/** Of an object made of parts: the MD5 of their MD5s, and their number. */
function etagOf(parts: readonly { readonly etag: string }[]): string {
  const all = Buffer.concat(parts.map(({ etag }) => Buffer.from(etag, 'hex')))
  return `${createHash('md5').update(all).digest('hex')}-${parts.length}`
}

function objectAddress({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `/v1/objects/${bucket}?key=${encodeURIComponent(key)}`
}

function refused(issues: readonly Issue[]): RefusedError {
  const text = issues.map(({ path, message }) => `${path}: ${message}`).join('; ')
  return new RefusedError('impossible', `this upload is not possible: ${text}`, {
    issues: issues.slice(0, 50),
  })
}
