/** Functions: shown, paused, resumed and limited. @module */
import { z } from 'zod'
import type { FunctionView } from './model.ts'
import { toTime } from '../http/page.ts'
import { RefusedError } from '../http/problem.ts'
import type { Config } from '../../settings/config.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { LimitsChange } from '../../queue/limits.ts'
import type { LimitStore } from '../../records/limits.ts'
import type { Backlog, FunctionBacklog } from '../../queue/backlog.ts'
import type { Queue } from '../../queue/queue.ts'
import { createWatermarks } from '../../records/watermark.ts'
import type { Storage } from '../../storage/storage.ts'

export interface FunctionService {
  list(): Promise<readonly FunctionView[]>
  get(name: string): Promise<FunctionView | undefined>
  /** @throws {RefusedError} not-found for an unknown function */
  pause(name: string): Promise<FunctionView>
  resume(name: string): Promise<FunctionView>
  setConcurrency(name: string, concurrency: number | null): Promise<FunctionView>
}

export interface FunctionParts {
  readonly backlog: Backlog
  readonly queue: Queue
  readonly storage: Storage
  readonly limits: LimitStore
  readonly functions: readonly FunctionDefinition[]
  readonly config: Pick<Config, 'functionOptions'>
}

export function createFunctionService(parts: FunctionParts): FunctionService {
  const { backlog, queue, storage, limits, functions, config } = parts

  const watermarkOf = createWatermarks(storage)

  async function view(
    definition: FunctionDefinition,
    { live, low, solo, running, open, dead }: FunctionBacklog,
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

  const viewOne = async (definition: FunctionDefinition) => (await views([definition]))[0] as FunctionView

  async function views(chosen: readonly FunctionDefinition[]): Promise<FunctionView[]> {
    const backlogs = await backlog.ofFunctions(chosen.map(({ name }) => name))
    return Promise.all(
      chosen.map((definition) => view(definition, backlogs.get(definition.name) as FunctionBacklog)),
    )
  }

  return {
    list: () => views(functions),
    async get(name) {
      const definition = functions.find((each) => each.name === name)
      return definition && viewOne(definition)
    },
    pause: (name) => change(name, { isPaused: true }),
    resume: (name) => change(name, { isPaused: false }),
    setConcurrency: (name, concurrency) => change(name, { concurrency }),
  }
}
