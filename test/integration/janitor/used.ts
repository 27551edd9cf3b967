/** Redis, MinIO and a janitor, which the files beside it share. @module */
import { ulid } from 'ulid'
import { beforeAll, beforeEach } from 'vitest'
import { defineFunction } from '../../../runtime/index.ts'
import { attemptFolder, resultPlace, type ResultPlace } from '../../../runtime/output/layout.ts'
import { manifestText } from '../../../runtime/output/manifest.ts'
import type { Storage } from '../../../runtime/storage/storage.ts'
import { createTestJanitor, type TestJanitorOptions } from '../../helpers/janitor.ts'
import { listed } from '../../helpers/listed.ts'
import { manifestOf } from '../../helpers/manifest.ts'
import { FN, useQueue } from '../../helpers/queue.ts'
import { useStore } from '../../helpers/store.ts'

export const cut = defineFunction({ name: FN, version: '1', on: { bucket: 'incoming' } }, (c) => c.json({}))
export const look = defineFunction(
  { name: 'look', version: '1', on: { bucket: 'incoming' }, output: { bucket: 'metadata' } },
  (c) => c.json({}),
)
export const own = defineFunction(
  { name: 'own', version: '1', on: { bucket: 'mixed' }, output: { bucket: 'mixed' } },
  (c) => c.json({}),
)

export const used = useQueue()
const store = useStore({ versioned: ['processed', 'metadata'], plain: ['mixed'] })
export let storage: Storage
export let sourceKey: string
export let place: ResultPlace
export let number = 0

beforeAll(() => {
  storage = store.storage
})
beforeEach(() => {
  sourceKey = `clip-${number++}.mp4`
  place = placeOf(sourceKey)
})

export const placeOf = (
  key: string,
  functionName = FN,
  outputBucket = 'processed',
  sourceBucket = 'incoming',
) => resultPlace({ sourceBucket, sourceKey: key, functionName, outputBucket })

export const put = (bucket: string, key: string, text = 'x') =>
  storage.put(bucket, key, { bytes: Buffer.from(text) }, { contentType: 'text/plain' })

/** Files of an attempt, whose folder it returns. */
export async function attempt(at: ResultPlace, id: string = ulid(), count = 2): Promise<string> {
  const folder = attemptFolder(at, id)
  await Promise.all([...Array(count).keys()].map((n) => put(at.bucket, `${folder}${n}`)))
  return folder
}

export async function commit(at: ResultPlace, id: string, more: object = {}): Promise<void> {
  const text = manifestText(manifestOf({ attempt: id }))
  await put(at.bucket, at.manifestKey, JSON.stringify({ ...(JSON.parse(text) as object), ...more }))
}

/** Every version and delete marker below it. */
export const versionsIn = (bucket: string, prefix: string) =>
  listed(storage.list(bucket, { prefix, versions: true }))
export const keysIn = async (bucket: string, prefix: string) =>
  (await versionsIn(bucket, prefix)).map(({ key }) => key)

export function janitor(options: Partial<TestJanitorOptions> = {}) {
  const { redis, queue } = used
  return createTestJanitor({ redis, queue, storage, functions: [cut, look, own], ...options })
}

/** Redis's clock stands at `nowMs`. */
export const at = (nowMs: number) => ({ ...used.queue, nowMs: () => Promise.resolve(nowMs) })
