/** Reads the headers of an object. Pure. @module */
import type { IncomingHttpHeaders } from 'node:http'
import type { Caching, ObjectHead } from './storage.ts'

const META = 'x-amz-meta-'

export function parseHead(headers: IncomingHttpHeaders): ObjectHead {
  const text = (name: string) => {
    const value = headers[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const versionId = text('x-amz-version-id')
  const contentType = text('content-type')
  const sha256Hex = checksumHex(text('x-amz-checksum-sha256'))
  const crc32 = text('x-amz-checksum-crc32')
  return {
    etag: (text('etag') ?? '').replaceAll('"', ''),
    ...(versionId && versionId !== 'null' ? { versionId } : {}),
    sizeBytes: Number(totalBytes(text('content-range')) ?? text('content-length') ?? 0),
    lastModifiedMs: Date.parse(text('last-modified') ?? ''),
    ...(contentType ? { contentType } : {}),
    ...(sha256Hex ? { sha256Hex } : {}),
    ...(crc32 && !crc32.includes('-') ? { crc32 } : {}),
    metadata: Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => name.startsWith(META))
        .map(([name, value]) => [name.slice(META.length), decodeHeader(String(value))]),
    ),
  }
}

/** The headers that store user metadata. */
export function metaHeaders(
  metadata: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [META + name, value]))
}

/** `Cache-Control` by the kind of an object. A year is the longest time that caches take. */
export const CACHE_CONTROL: Readonly<Record<Caching, string>> = {
  immutable: 'public, max-age=31536000, immutable',
  'no-cache': 'no-cache',
}

/** The total size in an answer to a range: `1234` of `bytes 0-9/1234`. */
function totalBytes(contentRange: string | undefined): string | undefined {
  return contentRange && /\/(\d+)$/.exec(contentRange)?.[1]
}

/** Undefined also for the checksum of a multipart upload (`…-3`), which is a checksum of checksums. */
function checksumHex(base64: string | undefined): string | undefined {
  return base64 && !base64.includes('-') ? Buffer.from(base64, 'base64').toString('hex') : undefined
}

/** Node reads header bytes as Latin-1; clients that write other text send UTF-8. */
function decodeHeader(value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'latin1'))
  } catch {
    return value
  }
}
