/**
 * Runs in Redis. A thin layer: the state machine of a run is in `scripts/*.lua`, each of which may be sent twice.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { redisNowMs, type Redis } from './redis.ts'
import type { Limits } from './limits.ts'
import { createKeys, GROUP, LANES, type Keys } from './keys.ts'
import { createJobCommands } from './job-commands.ts'
import { encodePayload, parseRun, readRunFields } from './run-record.ts'
import type { RunPayload, RunRecord, RunState } from './run.ts'
import { createOutbox } from './outbox.ts'
import { createInboxCommands } from './inbox.ts'
import { createVerdictPlaces } from './verdict-places.ts'
import { readRunning } from './backlog.ts'
import { createScripts } from './scripts.ts'
import { takeTurn, type TurnReply, type TurnRequest } from './turn.ts'

export type { Admission, AdmitOutcome, NewRun, Mark } from './inbox.ts'

/** A run to run again. All fields are needed when Redis may not know it. */
export interface RerunItem {
  readonly runId: string
  readonly functionName?: string
  readonly objectId?: string
  readonly payload?: RunPayload
  /** Epoch of the run when this was decided, `none` when there was none: a run whose epoch differs by now is left alone. */
  readonly seenEpoch?: string | undefined
  /**
   * A request from then was lost with Redis: a run of a lower epoch is restarted although it is open, since it has not the
   * request's options, and one of this epoch or a higher one is left alone. In place of {@link seenEpoch}.
   */
  readonly staleBeforeEpoch?: number | undefined
}

export interface RerunRequest {
  /** Set when this is a step of a job: it happens once. */
  readonly step?: { readonly job: string; readonly position: number }
  /** `redrive` takes dead letters only; `sweep` all runs that have ended but dead and cancelled ones. */
  readonly trigger: 'reprocess' | 'redrive' | 'sweep'
  /** Also restarts runs that are queued, retrying or running. */
  readonly isForced: boolean
  /** The pass of the sweep that asks: runs that are queued count as healed by it. */
  readonly pass?: string | undefined
  readonly items: readonly RerunItem[]
}

export type RerunOutcome = 'queued' | 'busy' | 'ended' | 'unknown'

/** The entry that was gone and is restored; `ok`: none was, `gone`: there is no such run. */
type RepairOutcome = 'stream-entry' | 'delay-entry' | 'ok' | 'gone'

export interface Beat {
  readonly runId: string
  readonly fence: string
  readonly token: string
  readonly progress?: string
}

interface ReclaimRequest {
  readonly leaseMs: number
  readonly maxCrashes: number
  /** Redis's clock when it last answered this process. */
  readonly heardAtMs: number
  /** A request that reaches Redis later than this after `heardAtMs` does nothing. */
  readonly heardWithinMs: number
  readonly functionNames: readonly string[]
}

export interface Reclaimed {
  readonly runId: string
  readonly functionName: string
  readonly became: 'requeued' | 'dead' | 'cancelled'
  readonly lostWorker: string
  /** How it was lost; completes "the worker …". */
  readonly how: string
}

/** How a worker was lost: it ended, its event loop is blocked, or it runs but gets no CPU. */
export type FateKind = 'crashed' | 'held' | 'starved'

export type Queue = ReturnType<typeof createQueue>

export function createQueue(redis: Redis, name: string) {
  const keys: Keys = createKeys(name)
  const script = createScripts(redis, keys.prefix)

  const verdictPlaces = createVerdictPlaces(redis, keys, script)
  return {
    keys,
    ...createJobCommands(script),
    ...createInboxCommands(redis, keys, script),
    ...createOutbox(redis, keys, script),
    ...verdictPlaces,

    turn: (request: TurnRequest): Promise<TurnReply> =>
      verdictPlaces.askedNow(request, (asking) => takeTurn(script, asking)),

    /** Renews leases; returns the results in the order of the beats. */
    heartbeat: (consumer: string, beats: readonly Beat[]): Promise<('ok' | 'cancelled' | 'lost')[]> =>
      script('heartbeat', [
        consumer,
        ...beats.flatMap((beat) => [beat.runId, beat.fence, beat.token, beat.progress ?? '']),
      ]) as Promise<('ok' | 'cancelled' | 'lost')[]>,

    /** Moves due retries back into their streams; `nowMs` is Redis's clock. */
    async promote(limit: number): Promise<{ promoted: number; nowMs: number }> {
      const [promoted, nowMs] = (await script('promote', [limit])) as [number, number]
      return { promoted, nowMs }
    },

    async reclaim(request: ReclaimRequest): Promise<Reclaimed[]> {
      const { leaseMs, maxCrashes, heardAtMs, heardWithinMs, functionNames } = request
      const args = [leaseMs, maxCrashes, 100, heardAtMs, heardWithinMs, ...functionNames]
      const rows = (await script('reclaim', args)) as string[][]
      return rows.map(
        ([runId, functionName, became, lostWorker, how]) =>
          ({ runId, functionName, became, lostWorker, how }) as Reclaimed,
      )
    },

    /** The outcome of each item, or undefined when the job has ended or is past `step`. */
    async rerun(request: RerunRequest): Promise<readonly RerunOutcome[] | undefined> {
      const { step, trigger, isForced, items } = request
      const token = step ? '' : randomUUID()
      const head = [
        step?.job ?? '',
        step?.position ?? 0,
        trigger,
        isForced ? 1 : 0,
        token,
        request.pass ?? '',
      ]
      const args = items.flatMap((item) => [
        item.runId,
        item.functionName ?? '',
        item.objectId ?? '',
        item.payload?.generation ?? '',
        item.payload ? encodePayload(item.payload) : '',
        item.staleBeforeEpoch === undefined ? (item.seenEpoch ?? '') : `<${item.staleBeforeEpoch}`,
      ])
      const [done, outcomes] = (await script('rerun', [...head, ...args])) as [number, RerunOutcome[]?]
      return done === 1 ? outcomes : undefined
    },

    /** Takes dead letters off the list; returns how many were on it. */
    purge: (runIds: readonly string[]) => script('purge', runIds) as Promise<number>,

    /** The state that follows; `running` means that its worker was notified; undefined for an unknown run. */
    cancel: async (runId: string): Promise<RunState | undefined> =>
      ((await script('cancel', [runId])) as RunState | '') || undefined,

    /**
     * Restores the lost entries of runs; returns what was gone of each. `isDry` only reports it.
     *
     * @param pass - the pass of the sweep for which it counts
     */
    repair: (runIds: readonly string[], isDry = false, pass = '') =>
      script('repair', [isDry ? 1 : 0, pass, ...runIds]) as Promise<RepairOutcome[]>,

    async run(runId: string): Promise<RunRecord | undefined> {
      const [fields = {}] = await readRunFields(redis, keys, [runId])
      return parseRun(runId, fields)
    },

    /** Registers a worker for these functions for `goodMs` from now; returns their limits, '' where Redis does not know them. */
    registerWorker: (consumer: string, goodMs: number, functionNames: readonly string[]): Promise<string[]> =>
      script('register_worker', [consumer, goodMs, ...functionNames]) as Promise<string[]>,

    /** The number of workers that serve a function now. */
    async workers(functionName: string): Promise<number> {
      return redis.zcount(keys.workers(functionName), await redisNowMs(redis), '+inf')
    },

    limits: async (functionName: string): Promise<string> =>
      (await redis.hget(keys.limits, functionName)) ?? '',

    /** False when Redis has other limits by now than `before`. */
    setLimits: async (functionName: string, limits: Limits, before: string): Promise<boolean> =>
      (await script('set_limits', [functionName, JSON.stringify(limits), before])) === 1,

    /** Creates the streams' consumer groups. A claim that misses one creates it too, so that an emptied Redis heals. */
    async ensureGroups(functionNames: readonly string[]): Promise<void> {
      for (const functionName of functionNames) {
        for (const lane of LANES) {
          await redis
            .xgroup('CREATE', keys.stream(functionName, lane), GROUP, '0', 'MKSTREAM')
            .catch((error: Error) => {
              if (!error.message.startsWith('BUSYGROUP')) throw error
            })
        }
      }
    },

    /**
     * Forgets old runs, `limit` at a time; returns how many were forgotten and how many examined.
     *
     * @param passed - how many of the oldest earlier calls of the same pass have kept
     */
    async prune(retentionMs: number, maxRuns: number, limit: number, passed: number) {
      const reply = await script('prune', [retentionMs, maxRuns, limit, passed])
      const [forgotten, examined] = reply as [number, number]
      return { forgotten, examined }
    },

    /** Removes consumers that hold nothing and have been idle for so long; returns how many. */
    retireConsumers: (idleMs: number, functionNames: readonly string[]) =>
      script('retire_consumers', [idleMs, ...functionNames]) as Promise<number>,

    /**
     * Notes how a worker was lost, which decides about its runs when their leases expire. Kept for `forMs`.
     *
     * @param how - completes "the worker …"
     */
    async noteFate(consumer: string, kind: FateKind, how: string, forMs: number): Promise<void> {
      await redis.set(keys.fate(consumer), `${kind} ${how}`, 'PX', Math.ceil(forMs))
    },

    /** The payloads of the function's runs that are in progress. */
    running: (functionName: string) => readRunning(redis, keys, functionName),

    /** Sets fields of the sweep's hash, '' to remove one; false when the pass is not, or no longer, the one in progress. */
    saveSweep: async (passId: string, fields: readonly (readonly [name: string, text: string])[]) =>
      (await script('save_sweep', [passId, ...fields.flat()])) === 1,

    /** Redis's clock. */
    nowMs: () => redisNowMs(redis),
  }
}
