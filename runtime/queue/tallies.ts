/** How many attempts ended how, by function and minute: of all workers together, as scripts count them. Only reads. @module */
import { MINUTE_MS } from '../time.ts'
import type { Keys } from './keys.ts'
import { isOtherType } from './run-record.ts'
import { redisNowMs, type Redis } from './redis.ts'

/** For how many minutes tallies are kept, at least. */
export const TALLY_MINUTES = 24 * 60

/** Attempts that ended in a minute. */
export interface MinuteTally {
  readonly done: number
  /** They are tried again. */
  readonly failed: number
  /** With them their runs were given up. */
  readonly dead: number
}

export interface Tallies {
  /**
   * The minute in progress and those before it, of every function that is asked for, oldest first.
   *
   * @param minutes - at most {@link TALLY_MINUTES}
   */
  read(
    functionNames: readonly string[],
    minutes: number,
  ): Promise<{
    /** Since 1970, by Redis's clock: the one in progress. */
    readonly lastMinute: number
    readonly tallies: ReadonlyMap<string, readonly MinuteTally[]>
  }>
}

type Counts = Readonly<Record<string, string>>

/** Minutes that are over do not change: they are kept here, so that a look at an hour reads two. */
export function createTallies(redis: Redis, keys: Keys): Tallies {
  const closed = new Map<number, Counts>()

  async function countsOf(from: number, now: number): Promise<ReadonlyMap<number, Counts>> {
    for (const minute of closed.keys()) if (minute <= now - TALLY_MINUTES) closed.delete(minute)
    const found = new Map<number, Counts>()
    const asked: number[] = []
    const pipeline = redis.pipeline()
    for (let minute = from; minute <= now; minute++) {
      const known = closed.get(minute)
      if (known) found.set(minute, known)
      else {
        asked.push(minute)
        pipeline.hgetall(keys.tally(minute))
      }
    }
    for (const [index, [error, row]] of ((await pipeline.exec()) ?? []).entries()) {
      // The next attempt that ends puts another in its place.
      if (error && !isOtherType(error)) throw error
      const minute = asked[index] as number
      const counts = error ? {} : (row as Counts)
      found.set(minute, counts)
      if (minute < now) closed.set(minute, counts)
    }
    return found
  }

  return {
    async read(functionNames, minutes) {
      const lastMinute = Math.floor((await redisNowMs(redis)) / MINUTE_MS)
      const from = lastMinute - minutes + 1
      const found = await countsOf(from, lastMinute)
      const rows = Array.from({ length: minutes }, (_, index) => found.get(from + index) ?? {})
      return { lastMinute, tallies: new Map(functionNames.map((name) => [name, tallyOf(name, rows)])) }
    },
  }
}

function tallyOf(name: string, rows: readonly Counts[]): readonly MinuteTally[] {
  return rows.map((counts) => {
    const of = (outcome: keyof MinuteTally) => Number(counts[`${name} ${outcome}`] ?? 0)
    return { done: of('done'), failed: of('failed'), dead: of('dead') }
  })
}
