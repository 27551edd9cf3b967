/**
 * Stores limits twice: in the bucket beside the watermark, which outlives Redis, and in Redis, where every process sees a change
 * within a second. The bucket is authoritative; limits that Redis does not know are read from it.
 * @module
 */
import type { Queue } from '../queue/queue.ts'
import { METADATA_BUCKET } from '../storage/names.ts'
import { inRounds, putIfUnchanged } from '../storage/swap.ts'
import { limitsKey } from '../output/layout.ts'
import type { Storage } from '../storage/storage.ts'
import { changed, NO_LIMITS, parseLimits, type Limits, type LimitsChange } from '../queue/limits.ts'

export interface LimitStore {
  /** From Redis, or from the bucket when Redis does not know them. */
  read(functionName: string): Promise<Limits>
  /** Parses the texts that Redis returned for these functions, '' where it does not know the limits. */
  complete(functionNames: readonly string[], texts: readonly string[]): Promise<ReadonlyMap<string, Limits>>
  change(functionName: string, change: LimitsChange): Promise<Limits>
  /** Brings Redis in line with the bucket: a process may have died between the two writes, or one of them was restored. */
  reconcile(functionNames: readonly string[]): Promise<void>
}

export function createLimitStore(storage: Storage, queue: Queue): LimitStore {
  const placeOf = (functionName: string) => ({ bucket: METADATA_BUCKET, key: limitsKey(functionName) })

  async function fromBucket(functionName: string): Promise<{ limits: Limits; etag?: string }> {
    const { bucket, key } = placeOf(functionName)
    const found = await storage.readText(bucket, key)
    if (!found) return { limits: NO_LIMITS }
    return { limits: parseLimits(found.text) ?? NO_LIMITS, etag: found.etag }
  }

  async function orFromBucket(functionName: string, text: string | undefined): Promise<Limits> {
    return (text ? parseLimits(text) : undefined) ?? (await copyFromBucket(functionName))
  }

  /** Reads the limits from the bucket and copies them to Redis, unless a newer change was faster. */
  async function copyFromBucket(functionName: string): Promise<Limits> {
    const before = await queue.limits(functionName)
    const { limits } = await fromBucket(functionName)
    await queue.setLimits(functionName, limits, before)
    return limits
  }

  return {
    read: async (functionName) => orFromBucket(functionName, await queue.limits(functionName)),

    async complete(functionNames, texts) {
      const limits = new Map<string, Limits>()
      for (const [index, name] of functionNames.entries())
        limits.set(name, await orFromBucket(name, texts[index]))
      return limits
    },

    async change(functionName, change) {
      return inRounds(`the limits of "${functionName}"`, async () => {
        const before = await queue.limits(functionName)
        const { limits, etag } = await fromBucket(functionName)
        const next = changed(limits, change, Date.now())
        const isWritten = await putIfUnchanged(storage, placeOf(functionName), etag, {
          bytes: Buffer.from(`${JSON.stringify(next, null, 2)}\n`),
          contentType: 'application/json',
        })
        if (!isWritten) return undefined
        // Another change came in between: the bucket has both by now, and is authoritative.
        if (!(await queue.setLimits(functionName, next, before))) await copyFromBucket(functionName)
        return next
      })
    },

    async reconcile(functionNames) {
      for (const functionName of functionNames) await copyFromBucket(functionName)
    },
  }
}
