/**
 * Watermarks: the time from which a function runs for uploads. It is the creation time of an object by MinIO's own clock; older
 * uploads were there before the function and run only on request.
 * @module
 */
import { METADATA_BUCKET } from '../storage/names.ts'
import { putIfUnchanged } from '../storage/swap.ts'
import { watermarkKey } from '../output/layout.ts'
import type { Storage } from '../storage/storage.ts'
import { MINUTE_MS } from '../time.ts'

/** Sets the watermark if there is none, and returns whether it did. An existing one is never touched. */
export async function createWatermark(storage: Storage, functionName: string): Promise<boolean> {
  const text = `${JSON.stringify({ schema: 1, function: functionName }, null, 2)}\n`
  const place = { bucket: METADATA_BUCKET, key: watermarkKey(functionName) }
  return putIfUnchanged(storage, place, undefined, {
    bytes: Buffer.from(text),
    contentType: 'application/json',
  })
}

/** The watermark in epoch milliseconds; undefined when the function was never set up. */
export async function readWatermarkMs(storage: Storage, functionName: string): Promise<number | undefined> {
  const key = watermarkKey(functionName)
  // From a listing: HEAD returns whole seconds.
  const objects = storage.list(METADATA_BUCKET, { prefix: key, pageSize: 1 })
  for await (const object of objects) return object.key === key ? object.lastModifiedMs : undefined
  return undefined
}

/** The same with a cache: a watermark never changes, but somebody may have emptied the bucket. */
export function createWatermarks(
  storage: Storage,
  keptMs = MINUTE_MS,
): (functionName: string) => Promise<number | undefined> {
  const known = new Map<string, { readonly watermarkMs: number; readonly readAtMs: number }>()
  return async (functionName) => {
    const kept = known.get(functionName)
    if (kept && performance.now() - kept.readAtMs < keptMs) return kept.watermarkMs
    known.delete(functionName)
    const watermarkMs = await readWatermarkMs(storage, functionName)
    if (watermarkMs !== undefined) known.set(functionName, { watermarkMs, readAtMs: performance.now() })
    return watermarkMs
  }
}

/** The watermarks of these functions, by their names. */
export async function readWatermarks(
  storage: Storage,
  functions: readonly { readonly name: string }[],
): Promise<ReadonlyMap<string, number | undefined>> {
  const read = async ({ name }: { readonly name: string }) =>
    [name, await readWatermarkMs(storage, name)] as const
  return new Map(await Promise.all(functions.map(read)))
}
