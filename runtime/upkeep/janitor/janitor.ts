/**
 * The janitor: removes what attempts have left in the buckets, and consumers of workers that are gone. It goes round the
 * output buckets in steps of bounded work, remembers in Redis where it is, and rests after each round.
 * @module
 */
import type { Redis } from '../../queue/redis.ts'
import { messageOf } from '../../errors.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { RuntimeMetrics } from '../../telemetry/metrics.ts'
import { placeOf } from '../../output/layout.ts'
import { createLock, createPlaceOfRound } from '../../queue/lock.ts'
import type { Queue } from '../../queue/queue.ts'
import { StorageError } from '../../storage/errors.ts'
import type { Storage } from '../../storage/storage.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../time.ts'
import { type Ages, type FoundFolder, gather, isAbandoned, removeFolder } from './folders.ts'

export interface JanitorParts {
  readonly redis: Redis
  readonly queue: Queue
  readonly storage: Storage
  /** Folders of other functions are left alone. */
  readonly functions: readonly FunctionDefinition[]
  readonly metrics: RuntimeMetrics
  readonly log: Logger
  /** @defaultValue a day, and an hour of slack */
  readonly ages?: Ages
  /** How many versions one step looks at, and on to the end of a folder. @defaultValue 10_000 */
  readonly rowsAtOnce?: number
}

export interface Janitor {
  /** One step, if one is due and no other process is doing it. */
  step(): Promise<void>
}

const AGES: Ages = { folderMs: DAY_MS, slackMs: HOUR_MS }
const ROWS_AT_ONCE = 10_000
/** Short pages, since this process also admits uploads. */
const PAGE_ROWS = 250
const REST_MS = HOUR_MS
const LOCK_MS = 5 * MINUTE_MS
/** Places of results in their source's own bucket (layout.ts). */
const HAS_AT = /^@[0-9a-f]{64}\/|@\/[^/]+\/$/
const CONSUMER_IDLE_MS = HOUR_MS

export function createJanitor(parts: JanitorParts): Janitor {
  const { redis, queue, storage, functions, metrics, log, ages = AGES, rowsAtOnce = ROWS_AT_ONCE } = parts
  const place = createPlaceOfRound(redis, queue.keys.janitor)
  const lock = createLock(redis, queue.keys.lock('janitor'), LOCK_MS)
  const buckets = [...new Set(functions.map(({ outputBucket }) => outputBucket))].toSorted()

  function ownerOf({ bucket, functionName, folder }: FoundFolder): FunctionDefinition | undefined {
    const owner = functions.find(({ name, outputBucket }) => name === functionName && outputBucket === bucket)
    // In a bucket of sources too, what people upload may look like ours; results have `@` in their names there.
    return owner?.bucket === bucket && !HAS_AT.test(folder) ? undefined : owner
  }

  /**
   * The places of the runs in progress, from Redis, which also knows the attempt of a process that was suspended. Once per step and
   * function: an attempt that starts meanwhile has a folder of its own.
   */
  function askOnce(): (owner: FunctionDefinition) => Promise<ReadonlySet<string>> {
    const asked = new Map<string, Promise<ReadonlySet<string>>>()
    const ask = async (owner: FunctionDefinition) => {
      const running = await queue.running(owner.name)
      return new Set(running.map((payload) => placeOf(owner, payload).folder))
    }
    return (owner) => {
      const known = asked.get(owner.name) ?? ask(owner)
      asked.set(owner.name, known)
      return known
    }
  }

  async function consider(
    found: FoundFolder,
    nowMs: number,
    runningOf: ReturnType<typeof askOnce>,
  ): Promise<void> {
    const owner = ownerOf(found)
    if (!owner || !isAbandoned(found, owner.timeoutMs, nowMs, ages)) return
    if ((await runningOf(owner)).has(found.folder)) return
    const removed = await removeFolder({ storage, ages, nowMs }, found)
    if (removed === undefined) return
    metrics.janitorRemoved.inc({ what: 'folders' })
    metrics.janitorRemoved.inc({ what: 'files' }, removed)
    const { bucket, functionName, attempt } = found
    log.info(
      { function: functionName, bucket, attempt, files: removed },
      'removed files that no result names',
    )
  }

  async function stepIn(bucket: string, after: string | undefined): Promise<void> {
    const rows = storage.list(bucket, { versions: true, pageSize: PAGE_ROWS, after })
    const gathered = await gather(bucket, rows, rowsAtOnce).catch((error: unknown) => {
      // A store that is away is asked again; a bucket that is missing or closed must not keep the others from their turn.
      if (error instanceof StorageError && error.isPassing) throw error
      log.warn({ bucket, error: messageOf(error) }, 'a bucket cannot be listed: the janitor passes it over')
      return { folders: [], after: undefined }
    })
    const runningOf = askOnce()
    for (const found of gathered.folders) {
      await consider(found, await queue.nowMs(), runningOf).catch((error: unknown) =>
        log.warn(
          { bucket, attempt: found.attempt, error: messageOf(error) },
          'a folder stays until the next round',
        ),
      )
    }
    const next = gathered.after === undefined ? buckets[buckets.indexOf(bucket) + 1] : bucket
    if (next === undefined) await place.save({ restsUntilMs: (await queue.nowMs()) + REST_MS })
    else await place.save({ bucket: next, after: gathered.after })
  }

  return {
    async step() {
      if (!(await lock.hold())) return
      metrics.janitorRemoved.inc(
        { what: 'consumers' },
        await queue.retireConsumers(
          CONSUMER_IDLE_MS,
          functions.map(({ name }) => name),
        ),
      )
      const { bucket, after, restsUntilMs = 0 } = await place.read()
      if (bucket === undefined && restsUntilMs > (await queue.nowMs())) return
      const [first] = buckets
      if (first === undefined) return
      if (bucket !== undefined && buckets.includes(bucket)) await stepIn(bucket, after)
      else await stepIn(first, undefined)
    },
  }
}
