/**
 * Asks: requests to run objects, kept in the bucket from before they are acknowledged until their runs have ended. An upload says itself what
 * is to be made of it; a request is known only here and in Redis, and must survive the loss of Redis as uploads do.
 *
 * The sweep restores what was lost and removes what is done (`upkeep/sweep/asks.ts`). A large request has several records.
 * @module
 */
import { z } from 'zod'
import { batchesOf } from '../amounts.ts'
import { parseJson } from '../json.ts'
import { OWN_FOLDER } from '../output/layout.ts'
import type { NewJob } from '../queue/jobs.ts'
import type { RerunItem } from '../queue/queue.ts'
import { METADATA_BUCKET } from '../storage/names.ts'
import type { ListedObject, Storage } from '../storage/storage.ts'

const itemSchema = z.looseObject({
  runId: z.string().min(1),
  functionName: z.string().min(1),
  objectId: z.string().min(1),
  payload: z.looseObject({ bucket: z.string(), key: z.string(), generation: z.string() }),
  /** Which of the record's options it has. */
  options: z.int().min(0).optional(),
})

const askSchema = z.object({
  /** In 1 each item had its own options. A release that knows only 1 leaves others alone, since it would run them without theirs. */
  schema: z.union([z.literal(1), z.literal(2)]),
  /** By Redis's clock: runs that it has caused have no lower epoch. */
  askedAtMs: z.int().min(0),
  isForced: z.boolean(),
  ratePerSecond: z.number().optional(),
  request: z.record(z.string(), z.unknown()),
  /** Each once: functions have some of their own, and objects have none. */
  options: z.array(z.record(z.string(), z.unknown())).default([]),
  items: z.array(itemSchema),
})

/** An item of a request that runs again what is known of it: all fields are there. */
export type AskedItem = Required<Pick<RerunItem, 'runId' | 'functionName' | 'objectId' | 'payload'>>

export interface Ask extends Omit<z.output<typeof askSchema>, 'items' | 'options' | 'schema'> {
  readonly key: string
  readonly versionId?: string | undefined
  readonly lastModifiedMs: number
  /** The id of the job that carries it out. */
  readonly job: string
  readonly items: readonly AskedItem[]
}

/** Ends with a slash. */
const ASK_RECORDS = `${OWN_FOLDER}asks/`
/** Some 300 KB. */
const ITEMS_EACH = 1_000
const MAX_BYTES = 64 * 1024 * 1024
/** Of the records that are kept in memory, since they are looked at each minute and never change. */
const KEPT_CHARACTERS = 8 * 1024 * 1024

function askKey(job: string, part: number): string {
  return `${ASK_RECORDS}${job}/${String(part).padStart(5, '0')}.json`
}

/** The job of which {@link askKey} makes this key. */
function jobOfAskKey(key: string): string {
  return key.slice(ASK_RECORDS.length).split('/')[0] as string
}

export type AskStore = ReturnType<typeof createAskStore>

export function createAskStore(storage: Storage) {
  const kept = new Map<string, { readonly etag: string; readonly ask: Ask; readonly characters: number }>()
  let characters = 0

  function forget(key: string): void {
    characters -= kept.get(key)?.characters ?? 0
    kept.delete(key)
  }

  /**
   * In the order of their jobs, the oldest first.
   *
   * @param onUnreadable - called with the key of each malformed record
   */
  async function* list(onUnreadable: (key: string) => void = () => undefined): AsyncGenerator<Ask> {
    const gone = new Set(kept.keys())
    for await (const { key, etag, lastModifiedMs } of storage.list(METADATA_BUCKET, {
      prefix: ASK_RECORDS,
    })) {
      const known = kept.get(key)
      if (known?.etag === etag) {
        gone.delete(key)
        yield known.ask
        continue
      }
      const found = await storage.readText(METADATA_BUCKET, key, { maxBytes: MAX_BYTES })
      // Removed meanwhile.
      if (!found) continue
      const record = askSchema.safeParse(parseJson(found.text)).data
      if (!record) {
        onUnreadable(key)
        continue
      }
      const { versionId } = found
      const { options, schema: _schema, ...rest } = record
      const items = record.items.map((item) => itemOf(item, options))
      const ask = {
        ...rest,
        items,
        key,
        lastModifiedMs,
        job: jobOfAskKey(key),
        ...(versionId && { versionId }),
      }
      forget(key)
      if (characters + found.text.length <= KEPT_CHARACTERS) {
        kept.set(key, { etag, ask, characters: found.text.length })
        characters += found.text.length
        gone.delete(key)
      }
      yield ask
    }
    for (const key of gone) forget(key)
  }

  /** All versions, so that no delete marker stays; also of a record whose writing was not answered. */
  async function withdraw(job: string): Promise<void> {
    const rows: ListedObject[] = []
    const prefix = `${ASK_RECORDS}${job}/`
    for await (const row of storage.list(METADATA_BUCKET, { prefix, versions: true })) rows.push(row)
    for (const { key, versionId } of rows.toReversed())
      await storage.remove(METADATA_BUCKET, key, { versionId })
  }

  return {
    list,

    /** Writes it; a failure leaves nothing behind that was not acknowledged, as far as the store can be reached. */
    async write(
      job: string,
      askedAtMs: number,
      { items, isForced, ratePerSecond, request }: NewJob,
    ): Promise<void> {
      let part = 0
      try {
        for (const some of batchesOf(items, ITEMS_EACH)) {
          const facts = { isForced, ...(ratePerSecond !== undefined && { ratePerSecond }), request }
          const text = JSON.stringify({ schema: 2, askedAtMs, ...facts, ...withOptionsOnce(some) })
          const options = { contentType: 'application/json', ifNoneMatch: '*' } as const
          await storage.put(METADATA_BUCKET, askKey(job, part++), { bytes: Buffer.from(text) }, options)
        }
      } catch (error) {
        await withdraw(job).catch(() => undefined)
        throw error
      }
    },

    /** Removes the record of a request that was not accepted after all. */
    withdraw,

    /** By version, so that no delete marker stays. */
    remove: ({ key, versionId }: Pick<Ask, 'key' | 'versionId'>): Promise<void> =>
      storage.remove(METADATA_BUCKET, key, { versionId }),
  }
}

type StoredItem = z.output<typeof itemSchema>

function itemOf({ options: which, ...item }: StoredItem, all: readonly object[]): AskedItem {
  const options = which === undefined ? undefined : all[which]
  return { ...item, payload: { ...item.payload, ...(options && { options }) } } as unknown as AskedItem
}

/** A thousand objects with the same options need them once. */
function withOptionsOnce(items: NewJob['items']) {
  const places = new Map<string, number>()
  const options: unknown[] = []
  const shortened = items.map((item) => {
    if (!item.payload?.options) return item
    const { options: own, ...payload } = item.payload
    const text = JSON.stringify(own)
    const place = places.get(text) ?? options.push(own) - 1
    places.set(text, place)
    return { ...item, payload, options: place }
  })
  return { options, items: shortened }
}
