/** The sweep in a process: its parts, checks of one key at once, and the events that make it start sooner. @module */
import type { Redis } from '../../queue/redis.ts'
import type { Config } from '../../settings/config.ts'
import { createRouter } from '../../function/routing.ts'
import { admissionSettings } from '../../intake/intake.ts'
import { createHistory } from '../../queue/history.ts'
import type { ResultsOf } from '../../queue/debts.ts'
import { recordAnnouncedRemoval } from './removals.ts'
import { decidedBeforeMs } from './due.ts'
import { createJobStore } from '../../queue/jobs.ts'
import { createLock } from '../../queue/lock.ts'
import { createAskStore } from '../../records/asks.ts'
import { keepAsks, untold } from './asks.ts'
import { createSweepStore } from '../../queue/sweeps.ts'
import { createSweeper } from './sweeper.ts'
import { latestVersion } from '../../storage/latest.ts'
import { readWatermarks } from '../../records/watermark.ts'
import { examine } from './examine.ts'
import { heal, type Healed } from './heal.ts'
import { watchStore } from './store-watch.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Queue } from '../../queue/queue.ts'
import type { Storage } from '../../storage/storage.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { RuntimeMetrics } from '../../telemetry/metrics.ts'
import type { PassParts } from './pass.ts'
import { MINUTE_MS, SECOND_MS } from '../../time.ts'
import type { Chore } from '../chores.ts'

/** A process that dies while it looks after them is followed by another. */
const ASKS_LOCK_MS = 30 * SECOND_MS

export interface SweepingParts {
  readonly config: Config
  readonly functions: readonly FunctionDefinition[]
  readonly redis: Redis
  readonly queue: Queue
  readonly storage: Storage
  readonly metrics: RuntimeMetrics
  readonly log: Logger
}

export interface Sweeping {
  readonly chores: readonly Chore[]
  /** Ends the pass in progress. */
  stop(): void
  close(): void
}

/** Also for checks of one key and for dry runs. */
export function sweepParts(
  parts: Pick<SweepingParts, 'config' | 'functions' | 'redis' | 'queue' | 'storage'>,
): PassParts {
  const { config, functions, redis, queue, storage } = parts
  return {
    functions,
    queue,
    storage,
    history: createHistory(redis, queue.keys),
    router: createRouter(functions),
    graceMs: config.sweepGraceMs,
    resultsKeptMs: config.resultsKeptMs,
    ...admissionSettings(config),
  }
}

/** The sweep of a single key, at once: a removal may have made another version the latest. */
export interface SweptKey {
  readonly healed: readonly Healed[]
  /** A run of it is in progress and may have asked the store before the removal: check it again later. */
  readonly isUnsettled: boolean
}

export async function sweepKey(parts: PassParts, bucket: string, key: string): Promise<SweptKey> {
  const { storage, queue, history, functions } = parts
  const latest = await latestVersion(storage, bucket, key)
  if (!latest) return { healed: [], isUnsettled: false }
  const readers = functions.filter((definition) => definition.bucket === bucket)
  const listed = { ...latest, isLatest: true, isDeleteMarker: false }
  const findings = await examine(parts, [{ latest: listed, hasOlder: true }], {
    bucket,
    nowMs: await queue.nowMs(),
    sinceMs: 0,
    watermarksMs: await readWatermarks(storage, readers),
    isThorough: true,
    isExact: false,
  })
  const healed = await heal(parts, findings, 'heal')
  // The caller tries again.
  const [first] = findings.unreadable
  if (first) throw first.error
  const states = await history.states(findings.decided.map(({ candidate }) => candidate.run.runId))
  return { healed, isUnsettled: states.some((found) => found?.state === 'running') }
}

/** Does and counts at once, for one key, the same as the sweep would do. */
export async function checkLatestNow(parts: SweepingParts, bucket: string, key: string): Promise<SweptKey> {
  const swept = await sweepKey(sweepParts(parts), bucket, key)
  for (const { reason, functionName } of swept.healed) {
    parts.metrics.sweepHealed.inc({ reason })
    const object = `${bucket}/${key}`
    parts.log.info(
      { reason, function: functionName, object },
      'a version was removed: the latest one now is run',
    )
  }
  return swept
}

/** Whether the result of an upload was removed on purpose, as the store has announced. */
export async function recordRemovalNow(parts: SweepingParts, removal: ResultsOf): Promise<void> {
  const { redis, queue, config, log } = parts
  const state = await createSweepStore(redis, queue).read()
  const decidedMs = decidedBeforeMs(state, config.sweepGraceMs, await queue.nowMs())
  if (!(await recordAnnouncedRemoval(sweepParts(parts), removal, decidedMs))) return
  const object = `${removal.bucket}/${removal.key}`
  log.info(
    { function: removal.functionName, object },
    'its result was removed: it is made again only on request',
  )
}

export function createSweeping(parts: SweepingParts): Sweeping {
  const { config, redis, metrics, log } = parts
  const sweeper = createSweeper({ ...sweepParts(parts), redis, settings: settingsOf(config), metrics, log })
  let wasLost = false
  redis.on('close', () => {
    wasLost = true
  })
  redis.on('ready', () => {
    if (wasLost) sweeper.serverCameBack()
    wasLost = false
  })
  const asks = {
    ...sweepParts(parts),
    asks: createAskStore(parts.storage),
    jobs: createJobStore(redis, parts.queue, config.retentionMs),
  }
  const lock = createLock(redis, parts.queue.keys.lock('asks'), ASKS_LOCK_MS)
  let told: ReadonlyMap<string, string> = new Map()
  async function tendAsks(): Promise<void> {
    if (!(await lock.hold())) return
    const { restored, unreadable } = await keepAsks(asks, await parts.queue.nowMs())
    for (const [key, reason] of untold(unreadable, told))
      log.warn({ key, reason }, 'the record of a request cannot be judged and is left alone')
    told = unreadable
    for (const [job, runs] of restored) {
      log.info({ job, runs }, 'a request was lost with Redis before its runs had ended: it continues')
    }
  }
  const watch = watchStore(config.minioEndpoint, () => sweeper.serverCameBack())
  return {
    chores: [
      { name: 'store watch', everyMs: SECOND_MS, run: () => watch.check() },
      { name: 'asks', everyMs: Math.min(MINUTE_MS, config.sweepEveryMs), run: tendAsks },
      { name: 'sweep', everyMs: SECOND_MS, run: () => sweeper.runDue() },
    ],
    stop: () => sweeper.stop(),
    close: () => watch.close(),
  }
}

function settingsOf({ sweepEveryMs, sweepFullEveryMs, sweepGraceMs }: Config) {
  return { everyMs: sweepEveryMs, fullEveryMs: sweepFullEveryMs, graceMs: sweepGraceMs }
}
