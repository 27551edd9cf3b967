/** Redis, MinIO and a worker that cleans up, which the files beside it share. @module */
import { randomUUID } from 'node:crypto'
import { beforeEach } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import { createRouter } from '../../../runtime/function/routing.ts'
import { createLogger } from '../../../runtime/telemetry/logger.ts'
import { createHistory } from '../../../runtime/queue/history.ts'
import { objectIdOf, runIdOf } from '../../../runtime/queue/keys.ts'
import type { ResultsOf } from '../../../runtime/queue/debts.ts'
import { createAskStore } from '../../../runtime/records/asks.ts'
import { type Queue } from '../../../runtime/queue/queue.ts'
import type { Storage } from '../../../runtime/storage/storage.ts'
import { DAY_MS } from '../../../runtime/time.ts'
import { sweepKey } from '../../../runtime/upkeep/sweep/sweeping.ts'
import { createCleanupPayers } from '../../../runtime/upkeep/cleanup.ts'
import { createDebtCollector } from '../../../runtime/upkeep/debts.ts'
import { createVerdictPayer } from '../../../runtime/upkeep/verdicts.ts'
import { manifestOf } from '../../helpers/manifest.ts'
import { newRunOf, NOTHING, useQueue } from '../../helpers/queue.ts'
import { useStore } from '../../helpers/store.ts'

const log = createLogger({ level: 'silent', format: 'json' })
const BODY = { contentType: 'text/plain' }
export const used = Object.assign(useQueue(), {
  store: useStore({ plain: ['unversioned'], versioned: ['incoming', 'processed', 'metadata'] }),
  key: '',
  looks: 0,
})
beforeEach(() => {
  used.key = `${randomUUID()}.txt`
  used.looks = 0
  removals.length = 0
})

const removals: ResultsOf[] = []
export const functionOf = (name: string, rest: object = {}, bucket = 'incoming') =>
  defineFunction({ name, version: '1', on: { bucket }, ...rest }, () => new Response())
export const eat = functionOf('eat', { afterSuccess: 'remove' })
export const mirror = functionOf('mirror', { onDelete: 'remove' })

export function cleanUpWith(
  functions: readonly ReturnType<typeof functionOf>[],
  storage: Storage = used.store.storage,
  queue: Queue = used.queue,
  retentionMs = DAY_MS,
) {
  const router = createRouter(functions)
  const history = createHistory(used.redis, queue.keys)
  const sweep = { queue, storage, functions, router, history, graceMs: 0, paths: 2, recordTtlMs: 1 } as const
  const checkLatest = (bucket: string, key: string) => {
    used.looks++
    return sweepKey(sweep, bucket, key)
  }
  const recordRemoval = (removal: ResultsOf) => {
    removals.push(removal)
    return Promise.resolve()
  }
  const asks = createAskStore(storage)
  const parts = { queue, storage, functions, router, log, checkLatest, recordRemoval, asks }
  const { payDue } = createDebtCollector({
    ...parts,
    retentionMs,
    payers: () => ({ ...createVerdictPayer(parts), ...createCleanupPayers(parts) }),
  })
  return payDue
}

/** An uploaded object and its run of each function, of which the named ones have succeeded. */
export async function upload(
  bucket: string,
  names: readonly string[],
  succeeded: readonly string[],
  metadata: Readonly<Record<string, string>> = {},
) {
  const { storage } = used.store
  await storage.put(bucket, used.key, { bytes: Buffer.from('x') }, { ...BODY, metadata })
  const head = (await storage.head(bucket, used.key))!
  const { etag, sizeBytes, lastModifiedMs, versionId } = head
  const generation = versionId ?? `${etag}@${lastModifiedMs}`
  const payload = {
    bucket,
    key: used.key,
    generation,
    ...(versionId && { versionId }),
    etag,
    sizeBytes,
    lastModifiedMs,
    eventTimeMs: 0,
  }
  const runs = names.map((functionName) =>
    newRunOf(runIdOf(functionName, bucket, used.key, generation), {
      functionName,
      objectId: objectIdOf(bucket, used.key),
      payload,
    }),
  )
  await used.queue.admit({ ...NOTHING, runs })
  const wants = succeeded.map((functionName) => ({ functionName, free: 1, lowFirst: 0 }))
  const { claims } = await used.queue.turn({
    consumer: 'w',
    token: randomUUID(),
    inFlight: 0,
    settlements: [],
    wants,
  })
  const settlements = claims.map(({ runId, fence, token }) => ({
    runId,
    fence,
    token,
    kind: 'complete' as const,
    result: '{}',
    owed: { source: JSON.stringify(['source', runId, 0]) },
  }))
  await used.queue.turn({ consumer: 'w', token: randomUUID(), inFlight: 0, settlements, wants: [] })
  return { generation, etag }
}

export const isThere = async (bucket = 'incoming') =>
  (await used.store.storage.head(bucket, used.key)) !== undefined

/** A result with one file whose source is gone. */
export async function result(generation = 'v1', run = 'r') {
  const { storage } = used.store
  const folder = `${used.key}/mirror/`
  const source = { bucket: 'incoming', key: used.key, generation, lastModified: '2026-01-01T00:00:00.000Z' }
  const manifest = manifestOf({ run, attempt: 'A1', source })
  await storage.put('processed', `${folder}~A1/file.txt`, { bytes: Buffer.from('x') }, BODY)
  await storage.put(
    'processed',
    `${folder}manifest.json`,
    { bytes: Buffer.from(JSON.stringify(manifest)) },
    BODY,
  )
  const left = async () => {
    const keys: string[] = []
    for await (const { key } of storage.list('processed', { prefix: folder, versions: true }))
      keys.push(key.slice(folder.length))
    return keys
  }
  const of = { functionName: 'mirror', bucket: 'incoming', key: used.key }
  return { left, of }
}
