/** The copies of streams' records in Redis, where receivers read them: keys, and wanted pulls. The bucket is authoritative. @module */
import type { Keys } from './keys.ts'
import { redisNowMs, type Redis } from './redis.ts'
import { createScripts } from './scripts.ts'
import {
  ANY_STREAM,
  findKey,
  parseStreamRecord,
  type KeyCheck,
  type StreamKey,
  type WantedPull,
} from './stream-records.ts'

/** A field of the records beside the streams' names: all of them were copied from the bucket. */
const COMPLETE = '~complete'

/** The keys of the stream, and those of all. */
export function keysFor(name: string, texts: ReadonlyMap<string, string>): readonly StreamKey[] {
  return [name, ANY_STREAM].flatMap((each) => parseStreamRecord(texts.get(each) ?? '')?.keys ?? [])
}

export function createRecordCopies(redis: Redis, keys: Keys) {
  const script = createScripts(redis, keys.prefix)

  async function copies(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const texts = await redis.hmget(keys.streamRecords, ...names)
    return new Map(names.flatMap((name, at) => (texts[at] ? [[name, texts[at]] as const] : [])))
  }

  return {
    copies,

    /** `unknown` when Redis was emptied and does not have all keys yet: the sender may come again. */
    async checkKey(name: string, secret: string): Promise<KeyCheck | { readonly kind: 'unknown' }> {
      const texts = await copies([name, ANY_STREAM, COMPLETE])
      const check = findKey(keysFor(name, texts), secret, await redisNowMs(redis))
      return check.kind === 'wrong' && !texts.has(COMPLETE) ? { kind: 'unknown' } : check
    },

    /** The pulls that are wanted, by name. */
    async wanted(): Promise<ReadonlyMap<string, WantedPull>> {
      const texts = Object.entries(await redis.hgetall(keys.streamRecords))
      const pulls = texts.flatMap(([name, text]) => {
        const wanted = parseStreamRecord(text)?.wanted
        return wanted ? [[name, wanted] as const] : []
      })
      return new Map(pulls.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    },

    /** The copy of a stream's record (or of `*`), '' when there is none. */
    record: async (name: string): Promise<string> => (await redis.hget(keys.streamRecords, name)) ?? '',

    /** The copies of all records. */
    async records(): Promise<ReadonlyMap<string, string>> {
      const texts = new Map(Object.entries(await redis.hgetall(keys.streamRecords)))
      texts.delete(COMPLETE)
      return texts
    },

    /** False when the copy is not `before` any more. */
    setRecord: async (name: string, text: string, before: string): Promise<boolean> =>
      (await script('set_stream_record', [name, text, before])) === 1,

    /** Whether {@link completed} was called since Redis was emptied. */
    isComplete: async (): Promise<boolean> => (await redis.hget(keys.streamRecords, COMPLETE)) !== null,

    /** All records were copied, until Redis is emptied. */
    async completed(): Promise<void> {
      await redis.hset(keys.streamRecords, COMPLETE, '1')
    },
  }
}
