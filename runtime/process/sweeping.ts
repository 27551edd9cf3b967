/** The sweep in a process: what it needs of the others, and what makes it look sooner than it would by itself. @module */
import type { Config } from '../settings/config.ts'
import { createRouter } from '../function/routing.ts'
import { admissionSettings } from '../intake/intake.ts'
import type { Closers } from './lifecycle.ts'
import { createHistory } from '../queue/history.ts'
import type { ResultsOf } from '../queue/debts.ts'
import { lookAt, type Look } from '../upkeep/sweep/look.ts'
import { lookAtRemoval } from '../upkeep/sweep/removals.ts'
import { decidedBeforeMs } from '../upkeep/sweep/due.ts'
import { createSweepStore } from '../queue/sweeps.ts'
import { createSweeper } from '../upkeep/sweep/sweeper.ts'
import { watchStore } from '../upkeep/sweep/store-watch.ts'
import type { PassParts } from '../upkeep/sweep/pass.ts'
import { SECOND_MS } from '../time.ts'
import type { Chore } from '../upkeep/chores.ts'
import type { Parts } from './parts.ts'

export interface Sweeping {
  readonly chores: readonly Chore[]
  stop(): void
}

/** Also for who looks at one key or tries a pass out. */
export function sweepParts(
  parts: Pick<Parts, 'config' | 'functions' | 'redis' | 'queue' | 'storage'>,
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

/** What the sweep would do about one key, done and counted at once. */
export async function lookNow(parts: Parts, bucket: string, key: string): Promise<Look> {
  const look = await lookAt(sweepParts(parts), bucket, key)
  for (const { reason, functionName } of look.healed) {
    parts.metrics.sweepHealed.inc({ reason })
    const object = `${bucket}/${key}`
    parts.log.info(
      { reason, function: functionName, object },
      'a version was removed: what is the latest now is run',
    )
  }
  return look
}

/** Whether the result of an upload was removed on purpose, as the store has announced. */
export async function lookAtRemovalNow(parts: Parts, removal: ResultsOf): Promise<void> {
  const { redis, queue, config, log } = parts
  const state = await createSweepStore(redis, queue).read()
  const decidedMs = decidedBeforeMs(state, config.sweepGraceMs, await queue.nowMs())
  if (!(await lookAtRemoval(sweepParts(parts), removal, decidedMs))) return
  const object = `${removal.bucket}/${removal.key}`
  log.info(
    { function: removal.functionName, object },
    'its result was removed: it is not made again by itself',
  )
}

export function createSweeping(parts: Parts, closers: Closers): Sweeping {
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
  const watch = watchStore(config.minioEndpoint, () => sweeper.serverCameBack())
  closers.add('store watch', () => watch.close())
  return {
    chores: [
      { name: 'store watch', everyMs: SECOND_MS, run: () => watch.look() },
      { name: 'sweep', everyMs: SECOND_MS, run: () => sweeper.look() },
    ],
    stop: () => sweeper.stop(),
  }
}

function settingsOf({ sweepEveryMs, sweepFullEveryMs, sweepGraceMs }: Config) {
  return { everyMs: sweepEveryMs, fullEveryMs: sweepFullEveryMs, graceMs: sweepGraceMs }
}
