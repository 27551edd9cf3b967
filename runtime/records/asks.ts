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
import type { Storage } from '../storage/storage.ts'

const itemSchema = z.looseObject({
  runId: z.string().min(1),
  functionName: z.string().min(1),
  objectId: z.string().min(1),
  payload: z.looseObject({ bucket: z.string(), key: z.string(), generation: z.string() }),
})

const askSchema = z.object({
  schema: z.literal(1),
  /** By Redis's clock: runs that it has caused have no lower epoch. */
  askedAtMs: z.int().min(0),
  isForced: z.boolean(),
  ratePerSecond: z.number().optional(),
  request: z.record(z.string(), z.unknown()),
  items: z.array(itemSchema),
})

/** An item of a request that runs again what is known of it: all fields are there. */
export type AskedItem = Required<Pick<RerunItem, 'runId' | 'functionName' | 'objectId' | 'payload'>>

export interface Ask extends Omit<z.output<typeof askSchema>, 'items' | 'schema'> {
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

function askKey(job: string, part: number): string {
  return `${ASK_RECORDS}${job}/${String(part).padStart(5, '0')}.json`
}

/** The job of which {@link askKey} makes this key. */
function jobOfAskKey(key: string): string {
  return key.slice(ASK_RECORDS.length).split('/')[0] as string
}

export type AskStore = ReturnType<typeof createAskStore>

export function createAskStore(storage: Storage) {
  /**
   * In the order of their jobs, the oldest first.
   *
   * @param onUnreadable - called with the key of each malformed record
   */
  async function* list(onUnreadable: (key: string) => void = () => undefined): AsyncGenerator<Ask> {
    for await (const listed of storage.list(METADATA_BUCKET, { prefix: ASK_RECORDS })) {
      const { key, lastModifiedMs } = listed
      const found = await storage.readText(METADATA_BUCKET, key, { maxBytes: MAX_BYTES })
      // Removed meanwhile.
      if (!found) continue
      const record = askSchema.safeParse(parseJson(found.text)).data
      if (!record) {
        onUnreadable(key)
        continue
      }
      const { versionId } = found
      const items = record.items as unknown as readonly AskedItem[]
      yield { ...record, items, key, lastModifiedMs, job: jobOfAskKey(key), ...(versionId && { versionId }) }
    }
  }

  return {
    list,

    /** Writes it; a failure leaves nothing behind that was not acknowledged, as far as the store can be reached. */
    async write(
      job: string,
      askedAtMs: number,
      { items, isForced, ratePerSecond, request }: NewJob,
    ): Promise<void> {
      const written: string[] = []
      try {
        for (const some of batchesOf(items, ITEMS_EACH)) {
          const key = askKey(job, written.length)
          const facts = { isForced, ...(ratePerSecond !== undefined && { ratePerSecond }), request }
          const text = JSON.stringify({ schema: 1, askedAtMs, ...facts, items: some })
          const options = { contentType: 'application/json', ifNoneMatch: '*' } as const
          written.push(key)
          await storage.put(METADATA_BUCKET, key, { bytes: Buffer.from(text) }, options)
        }
      } catch (error) {
        for (const key of written) await storage.remove(METADATA_BUCKET, key).catch(() => undefined)
        throw error
      }
    },

    /** Of a request that was not accepted after all. */
    async withdraw(job: string, count: number): Promise<void> {
      for (let part = 0; part * ITEMS_EACH < count; part++)
        await storage.remove(METADATA_BUCKET, askKey(job, part))
    },

    /** By version, so that no delete marker stays. */
    remove: ({ key, versionId }: Pick<Ask, 'key' | 'versionId'>): Promise<void> =>
      storage.remove(METADATA_BUCKET, key, { versionId }),
  }
}
