/** Lists the results in the buckets: a walk from manifest to manifest, past the files that they name. @module */
import { toResult, type Result } from './model.ts'
import { RefusedError } from '../http/problem.ts'
import { type PageRequest, fromCursor, toCursor, type Page } from '../http/page.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { hasReservedSegment } from '../../output/layout.ts'
import { parseManifest } from '../../output/manifest.ts'
import type { Storage } from '../../storage/storage.ts'

/** Keys listed in one request; the page then ends, and its cursor continues. */
const MAX_LISTED_KEYS = 5_000
/** A listing is abandoned at the first manifest, so most of a large page would be wasted. */
const KEYS_A_CALL = 20
/** Sorts after every key of attempts, which start with `~`. */
const AFTER_ATTEMPTS = '~\u{10ffff}'
const MANIFEST = '/manifest.json'

export interface ResultFilter {
  /** The bucket of the source. */
  readonly bucket?: string | undefined
  /** A prefix of the source's key. */
  readonly prefix?: string | undefined
  readonly function?: string | undefined
}

export interface ResultService {
  /** Ordered by bucket and key. */
  list(filter: ResultFilter, page: PageRequest): Promise<Page<Result>>
}

export interface ResultParts {
  readonly storage: Pick<Storage, 'list' | 'readText'>
  readonly functions: readonly FunctionDefinition[]
}

interface Place {
  readonly bucket: string
  /** The listing continues after this key. */
  readonly after: string
}

export function createResultService({ storage, functions }: ResultParts): ResultService {
  const names = functions.map(({ name }) => name)
  const buckets = [...new Set(functions.map(({ outputBucket }) => outputBucket))].toSorted()

  /** The next key of a manifest, and the number of keys examined; `key` is undefined at the end of the bucket. */
  async function nextManifest(
    { bucket, after }: Place,
    prefix: string,
    maxKeys: number,
  ): Promise<{ readonly key: string | undefined; readonly last: string; readonly examined: number }> {
    let [last, examined] = [after, 0]
    const options = { prefix, pageSize: KEYS_A_CALL, after: after || undefined }
    for await (const { key } of storage.list(bucket, options)) {
      examined++
      last = key
      if (key.endsWith(MANIFEST) && !hasReservedSegment(key)) return { key, last, examined }
      // A folder of attempts without a manifest beside it, such as one of a failed run.
      if (hasReservedSegment(key)) return { key, last: pastAttempts(key), examined }
      if (examined >= maxKeys) return { key, last, examined }
    }
    return { key: undefined, last, examined }
  }

  async function read(bucket: string, key: string, filter: ResultFilter): Promise<Result | undefined> {
    if (!key.endsWith(MANIFEST) || hasReservedSegment(key)) return undefined
    if (filter.function !== undefined && !key.endsWith(`/${filter.function}${MANIFEST}`)) return undefined
    const found = await storage.readText(bucket, key)
    const manifest = found && parseManifest(found.text)
    // A foreign file of that name, or one removed meanwhile.
    if (!manifest || !isWanted(manifest.source, filter)) return undefined
    return toResult(manifest, { bucket, key })
  }

  return {
    async list(filter: ResultFilter, { limit, cursor }: PageRequest) {
      const { function: wanted } = filter
      if (wanted !== undefined && !names.includes(wanted))
        throw new RefusedError(
          'impossible',
          `there is no function "${wanted}"; available: ${names.join(', ')}`,
        )
      const [startBucket = buckets[0], startAfter = ''] = fromCursor(cursor, isCursor) ?? []
      const items: Result[] = []
      let left = MAX_LISTED_KEYS
      for (const bucket of buckets.filter((name) => startBucket !== undefined && name >= startBucket)) {
        let after = bucket === startBucket ? startAfter : ''
        for (;;) {
          if (items.length >= limit || left <= 0) return { items, nextCursor: toCursor([bucket, after]) }
          const { key, last, examined } = await nextManifest({ bucket, after }, filter.prefix ?? '', left)
          left -= examined
          if (key === undefined) break
          const item = await read(bucket, key, filter)
          if (item) items.push(item)
          after =
            key === last && key.endsWith(MANIFEST)
              ? `${key.slice(0, -MANIFEST.length)}/${AFTER_ATTEMPTS}`
              : last
        }
      }
      return { items, nextCursor: null }
    },
  }
}

function isWanted(source: { readonly bucket: string; readonly key: string }, filter: ResultFilter): boolean {
  return (filter.bucket ?? source.bucket) === source.bucket && source.key.startsWith(filter.prefix ?? '')
}

/** The end of the folder of attempts that contains this key. */
function pastAttempts(key: string): string {
  const segments = key.split('/')
  const at = segments.findIndex((segment) => segment.startsWith('~'))
  return [...segments.slice(0, at), AFTER_ATTEMPTS].join('/')
}

function isCursor(parts: unknown): parts is [string, string] {
  return Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string')
}
