/** Functions: shown, paused, resumed and limited. @module */
import { z } from 'zod'
import type { FunctionView, Rates } from './model.ts'
import { toTime } from '../http/page.ts'
import { RefusedError } from '../http/problem.ts'
import type { Config } from '../../settings/config.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { LimitsChange } from '../../queue/limits.ts'
import type { LimitStore } from '../../records/limits.ts'
import type { Backlog, FunctionBacklog } from '../../queue/backlog.ts'
import type { Queue } from '../../queue/queue.ts'
import type { MinuteTally, Tallies } from '../../queue/tallies.ts'
import { createWatermarks } from '../../records/watermark.ts'
import type { Storage } from '../../storage/storage.ts'
import { MINUTE_MS } from '../../time.ts'

export interface FunctionService {
  /** @param ratesMinutes - adds the rates of so many minutes, at most a day */
  list(ratesMinutes?: number): Promise<readonly FunctionView[]>
  get(name: string, ratesMinutes?: number): Promise<FunctionView | undefined>
  /** @throws {RefusedError} not-found for an unknown function */
  pause(name: string): Promise<FunctionView>
  resume(name: string): Promise<FunctionView>
  setConcurrency(name: string, concurrency: number | null): Promise<FunctionView>
}

export interface FunctionParts {
  readonly backlog: Backlog
  readonly tallies: Tallies
  readonly queue: Queue
  readonly storage: Storage
  readonly limits: LimitStore
  readonly functions: readonly FunctionDefinition[]
  readonly config: Pick<Config, 'functionOptions'>
}

/** In minutes. */
const HOUR = 60

export function createFunctionService(parts: FunctionParts): FunctionService {
  const { backlog, tallies, queue, storage, limits, functions, config } = parts

  const watermarkOf = createWatermarks(storage)

  async function view(
    definition: FunctionDefinition,
    { live, low, solo, running, open, dead }: FunctionBacklog,
    rates: Pick<FunctionView, 'lastHour' | 'rates'>,
  ): Promise<FunctionView> {
    const { name } = definition
    const [known, workers, watermarkMs] = await Promise.all([
      limits.read(name),
      queue.workers(name),
      watermarkOf(name),
    ])
    return {
      name,
      version: definition.version,
      on: {
        bucket: definition.bucket,
        match: [...definition.match],
        ignore: [...definition.ignore],
        events: [...definition.events],
        minBytes: definition.minBytes,
        maxBytes: Number.isFinite(definition.maxBytes) ? definition.maxBytes : null,
      },
      trigger: definition.trigger,
      askedOn: [...definition.askedOn],
      presets: Object.fromEntries(
        Object.entries(definition.presets).map(([preset, set]) => [preset, { ...set }]),
      ),
      outputBucket: definition.outputBucket,
      onDelete: definition.onDelete,
      afterSuccess: definition.afterSuccess,
      optionsSchema: z.toJSONSchema(definition.options, { io: 'input', unrepresentable: 'any' }),
      settings: { ...config.functionOptions[name] },
      retry: {
        attempts: definition.maxAttempts,
        firstMs: definition.firstDelayMs,
        maxMs: definition.maxDelayMs,
      },
      timeoutMs: definition.timeoutMs,
      stallTimeoutMs: definition.stallTimeoutMs,
      concurrency: known.concurrency ?? definition.concurrency,
      definedConcurrency: definition.concurrency,
      isPaused: known.isPaused,
      ...(known.pausedAt !== undefined && { pausedAt: known.pausedAt }),
      watermark: watermarkMs === undefined ? null : toTime(watermarkMs),
      queue: {
        waiting: live + solo,
        backfill: low,
        running,
        open,
        dead,
      },
      workers,
      ...rates,
    }
  }

  async function change(name: string, wanted: LimitsChange): Promise<FunctionView> {
    const definition = functions.find((each) => each.name === name)
    if (!definition) {
      const names = functions.map((each) => each.name).join(', ')
      throw new RefusedError('not-found', `there is no function "${name}"; available: ${names}`)
    }
    await limits.change(name, wanted)
    return viewOne(definition)
  }

  const viewOne = async (definition: FunctionDefinition, ratesMinutes?: number) =>
    (await views([definition], ratesMinutes))[0] as FunctionView

  async function views(
    chosen: readonly FunctionDefinition[],
    ratesMinutes?: number,
  ): Promise<FunctionView[]> {
    const names = chosen.map(({ name }) => name)
    const [backlogs, ratesOf] = await Promise.all([
      backlog.ofFunctions(names),
      readRates(names, ratesMinutes),
    ])
    return Promise.all(
      chosen.map((definition) => {
        const { name } = definition
        return view(definition, backlogs.get(name) as FunctionBacklog, ratesOf(name))
      }),
    )
  }

  async function readRates(names: readonly string[], minutes?: number) {
    const { lastMinute, tallies: found } = await tallies.read(names, Math.max(HOUR, minutes ?? 0))
    return (name: string): Pick<FunctionView, 'lastHour' | 'rates'> => {
      const perMinute = found.get(name) ?? []
      return {
        lastHour: toRates(perMinute.slice(-HOUR), lastMinute),
        ...(minutes !== undefined && { rates: toRates(perMinute.slice(-minutes), lastMinute) }),
      }
    }
  }

  return {
    list: (ratesMinutes) => views(functions, ratesMinutes),
    async get(name, ratesMinutes) {
      const definition = functions.find((each) => each.name === name)
      return definition && viewOne(definition, ratesMinutes)
    },
    pause: (name) => change(name, { isPaused: true }),
    resume: (name) => change(name, { isPaused: false }),
    setConcurrency: (name, concurrency) => change(name, { concurrency }),
  }
}

/** @param lastMinute - since 1970, of the last one */
function toRates(perMinute: readonly MinuteTally[], lastMinute: number): Rates {
  const sum = (count: (minute: MinuteTally) => number) =>
    perMinute.reduce((total, minute) => total + count(minute), 0)
  return {
    since: toTime((lastMinute - perMinute.length + 1) * MINUTE_MS),
    done: sum(({ done }) => done),
    failed: sum(({ failed }) => failed),
    dead: sum(({ dead }) => dead),
    perMinute: perMinute.map(({ done, failed, dead }) => [done, failed, dead]),
  }
}
