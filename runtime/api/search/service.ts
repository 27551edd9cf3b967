/** Finds runs and objects by a text as people remember it: an id, a key, the beginning or a part of one. @module */
import type { FunctionDefinition } from '../../function/definition.ts'
import type { History } from '../../queue/history.ts'
import { isStorageCode, StorageError } from '../../storage/errors.ts'
import type { Storage } from '../../storage/storage.ts'
import { toTime } from '../http/page.ts'
import { toRun } from '../runs/model.ts'
import type { FoundObject, FoundRun, SearchAnswer } from './model.ts'

export interface SearchService {
  /**
   * At most `limit` runs and `limit` objects. Of keys, runs that Redis knows and the store's listing are searched, up to a bound.
   *
   * @param text - of 1 to 1,100 characters; blanks around it do not count
   */
  search(text: string, limit?: number): Promise<SearchAnswer>
}

export interface SearchParts {
  readonly storage: Pick<Storage, 'head' | 'list'>
  readonly history: Pick<History, 'runs' | 'runsBeginning' | 'list'>
  readonly functions: readonly Pick<FunctionDefinition, 'bucket' | 'outputBucket'>[]
}

export const DEFAULT_LIMIT = 20
/** Fewer would be the beginning of very many ids. */
const RUN_ID = /^[0-9a-f]{8,32}$/i

export function createSearchService({ storage, history, functions }: SearchParts): SearchService {
  const sources = [...new Set(functions.map(({ bucket }) => bucket))]
  const all = [...new Set([...sources, ...functions.map(({ outputBucket }) => outputBucket)])]

  async function runsOf(text: string, limit: number): Promise<readonly FoundRun[]> {
    if (!RUN_ID.test(text)) return []
    const ids = await history.runsBeginning(text.toLowerCase())
    const runs = await history.runs(ids.slice(0, limit))
    return runs.flatMap((run) => (run ? [{ kind: 'run', match: 'id', run: toRun(run) }] : []))
  }

  async function exactOf(bucket: string, key: string): Promise<readonly FoundObject[]> {
    const head = await storage.head(bucket, key).catch(nothingThere)
    if (!head) return []
    const { sizeBytes, lastModifiedMs } = head
    const lastModified = toTime(lastModifiedMs)
    return [{ kind: 'object', match: 'exact', bucket, key, sizeBytes, lastModified }]
  }

  /** One more than `limit`, if there are so many. */
  async function listed(bucket: string, prefix: string, limit: number): Promise<readonly FoundObject[]> {
    const found: FoundObject[] = []
    try {
      for await (const object of storage.list(bucket, { prefix, pageSize: limit + 1 })) {
        const { key, sizeBytes, lastModifiedMs } = object
        const lastModified = toTime(lastModifiedMs)
        found.push({ kind: 'object', match: 'prefix', bucket, key, sizeBytes, lastModified })
        if (found.length > limit) break
      }
    } catch (error) {
      nothingThere(error)
    }
    return found
  }

  return {
    async search(text, limit = DEFAULT_LIMIT) {
      const asked = text.trim()
      if (asked === '') return { items: [], isCut: false }
      const named = objectNamed(asked, all)
      const key = named?.key ?? asked
      const buckets = named ? [named.bucket] : sources
      const [runs, exact, beginning, recent] = await Promise.all([
        runsOf(asked, limit),
        Promise.all(buckets.map((bucket) => exactOf(bucket, key))),
        Promise.all(buckets.map((bucket) => listed(bucket, key, limit))),
        history.list({ filter: { contains: key, bucket: named?.bucket }, limit }),
      ])
      const containing = recent.runs.map(({ payload }): FoundObject => {
        const { bucket, key: name, sizeBytes, lastModifiedMs } = payload
        const lastModified = toTime(lastModifiedMs)
        return { kind: 'object', match: 'contains', bucket, key: name, sizeBytes, lastModified }
      })
      const objects = unique([...exact.flat(), ...beginning.flat(), ...containing])
      return {
        items: [...runs, ...objects.slice(0, limit)],
        isCut: objects.length > limit || recent.next !== undefined,
        ...(named && { object: named }),
      }
    },
  }
}

/** Of `incoming/a.mp4` and `/incoming/a.mp4` the object; undefined when it starts with no known bucket. */
function objectNamed(text: string, buckets: readonly string[]): SearchAnswer['object'] {
  const [, bucket = '', key = ''] = /^\/?([^/]+)\/(.+)$/s.exec(text) ?? []
  return key !== '' && buckets.includes(bucket) ? { bucket, key } : undefined
}

function unique(objects: readonly FoundObject[]): readonly FoundObject[] {
  const byName = new Map<string, FoundObject>()
  for (const object of objects) {
    const name = `${object.bucket}/${object.key}`
    if (!byName.has(name)) byName.set(name, object)
  }
  return [...byName.values()]
}

/** An object that cannot exist is not found; any other error is thrown. */
function nothingThere(error: unknown): undefined {
  const isOfName = error instanceof StorageError && error.isImpossibleName
  if (isOfName || isStorageCode(error, 'NoSuchBucket', 'AccessDenied', 'InvalidRequest')) return undefined
  throw error
}
