/**
 * Stores the keys and the wanted pull of each stream twice: in the bucket, where they outlive Redis, and in Redis, where
 * receivers read them and see a change within a second. The bucket is authoritative.
 * @module
 */
import { STREAM_RECORDS, streamOfRecordKey, streamRecordKey } from '../output/layout.ts'
import {
  changedRecord,
  NO_RECORD,
  parseStreamRecord,
  type RecordChange,
  type StreamRecord,
} from '../queue/stream-records.ts'
import type { StreamStore } from '../queue/streams.ts'
import { METADATA_BUCKET } from '../storage/names.ts'
import { inRounds, putIfUnchanged } from '../storage/swap.ts'
import type { Storage } from '../storage/storage.ts'
import type { Logger } from '../telemetry/logger.ts'
import { SECOND_MS } from '../time.ts'

/** Somebody wrote into the bucket by hand, or a later version did: nothing of ours is written over it. */
export class UnreadableRecordError extends Error {
  override readonly name = 'UnreadableRecordError'

  constructor({ bucket, key }: { readonly bucket: string; readonly key: string }) {
    super(
      `${key} in the bucket ${bucket} cannot be read as the record of a stream: restore an earlier version of it, or remove it with its keys and its pull`,
    )
  }
}

export interface StreamRecords {
  /**
   * From the bucket; `*` has the keys that are good for every stream.
   *
   * @throws {UnreadableRecordError} when it is not a record
   */
  read(name: string): Promise<StreamRecord>
  /** @throws {UnreadableRecordError} when the record is not one: it stays as it is */
  change(name: string, change: RecordChange): Promise<StreamRecord>
  /**
   * Brings Redis in line with the bucket: a process may have died between the two writes, or one of them was restored. A record
   * that cannot be read is named in the log, and its copy in Redis stays.
   */
  reconcile(): Promise<void>
  /** The same if that is due: at once after Redis was emptied, as no sender is admitted until then, and every 30 s. */
  follow(): Promise<void>
}

type Copies = Pick<StreamStore, 'record' | 'records' | 'setRecord' | 'isComplete' | 'completed'>

/** In the place of a record's text. */
const UNREADABLE = 'unreadable'
const RECONCILE_MS = 30 * SECOND_MS

export function createStreamRecords(storage: Storage, copies: Copies, log: Logger): StreamRecords {
  /** The texts of records that were read before: most never change. */
  const known = new Map<string, { readonly etag: string; readonly text: string }>()
  let reconciledAtMs = -Infinity

  const placeOf = (name: string) => ({ bucket: METADATA_BUCKET, key: streamRecordKey(name) })

  async function fromBucket(name: string): Promise<{ record: StreamRecord; etag?: string }> {
    const { bucket, key } = placeOf(name)
    const found = await storage.readText(bucket, key)
    if (!found) return { record: NO_RECORD }
    const record = parseStreamRecord(found.text)
    if (!record) throw new UnreadableRecordError({ bucket, key })
    return { record, etag: found.etag }
  }

  /** The copy of a record that the listing shows with this etag; undefined when it was removed since. */
  async function copyOf(name: string, etag: string): Promise<string | undefined> {
    const before = known.get(name)
    if (before?.etag === etag) return before.text
    try {
      const { record, etag: found } = await fromBucket(name)
      if (found === undefined) return undefined
      const text = JSON.stringify(record)
      known.set(name, { etag: found, text })
      return text
    } catch (error) {
      if (!(error instanceof UnreadableRecordError)) throw error
      log.error({ stream: name }, error.message)
      // Once for each version.
      known.set(name, { etag, text: UNREADABLE })
      return UNREADABLE
    }
  }

  async function reconcile(): Promise<void> {
    const inRedis = await copies.records()
    const inBucket = new Set<string>()
    for await (const { key, etag } of storage.list(METADATA_BUCKET, { prefix: STREAM_RECORDS })) {
      const name = streamOfRecordKey(key)
      const text = await copyOf(name, etag)
      if (text === undefined) continue
      inBucket.add(name)
      if (text === UNREADABLE) continue
      const before = inRedis.get(name) ?? ''
      if (text !== before) await copies.setRecord(name, text, before)
    }
    for (const [name, before] of inRedis) if (!inBucket.has(name)) await copies.setRecord(name, '', before)
    for (const name of known.keys()) if (!inBucket.has(name)) known.delete(name)
    await copies.completed()
    reconciledAtMs = performance.now()
  }

  return {
    read: async (name) => (await fromBucket(name)).record,

    async change(name, change) {
      return inRounds(`the keys and the pull of stream "${name}"`, async () => {
        const before = await copies.record(name)
        const { record, etag } = await fromBucket(name)
        const next = changedRecord(record, change, Date.now())
        const isWritten = await putIfUnchanged(storage, placeOf(name), etag, {
          bytes: Buffer.from(`${JSON.stringify(next, null, 2)}\n`),
          contentType: 'application/json',
        })
        if (!isWritten) return undefined
        // Another change came in between: the bucket has both by now, and is authoritative.
        if (!(await copies.setRecord(name, JSON.stringify(next), before))) await reconcile()
        return next
      })
    },

    reconcile,

    async follow() {
      const isDue = performance.now() - reconciledAtMs >= RECONCILE_MS
      if (isDue || !(await copies.isComplete())) await reconcile()
    },
  }
}
