/**
 * A function: a definition (when it runs, how often it is tried, which options it takes) and a Hono handler.
 * @module
 */
import type { Context, Handler } from 'hono'
import { z } from 'zod'
import { ConfigError, messageOf } from '../errors.ts'
import { CREATED_EVENTS, type CreatedEventName } from '../storage/object-version.ts'
import { RESULT_BUCKET } from '../storage/names.ts'
import { unknownFields } from './definition-fields.ts'
import { compileGlob } from './glob/glob.ts'
import type { Output } from '../output/output.ts'
import { parseSizeBytes } from '../amounts.ts'
import { parseDurationMs } from '../time.ts'
import '../settings/zod-words.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Source, SourceObject } from './source.ts'
import { PRESET, wrongOptions } from './valid-options.ts'

export interface RunFacts {
  /** 32 hex digits, computed from function, bucket, key and generation. */
  readonly id: string
  /** 1-based; attempts that were handed back are not counted. */
  readonly attempt: number
  readonly epoch: number
}

/** The progress of an attempt. Unknown values are absent. */
export interface Progress {
  readonly mediaSeconds?: number
  /** 0 to 100. */
  readonly percent?: number
  /** Media seconds per second. */
  readonly speed?: number
  readonly secondsLeft?: number
}

/** The variables of a handler, in `c.var`. All of them belong to one attempt and end with it. */
export interface FunctionVariables<O> {
  readonly event: SourceObject
  readonly run: RunFacts
  readonly options: O
  readonly source: Source
  readonly output: Output
  /** Aborted on timeout, stall, cancel, lost lease and drain; its `reason` is an Error that says which. */
  readonly signal: AbortSignal
  /** Reports progress; an attempt that is silent for `stallTimeout` is ended. */
  readonly progress: (progress: Progress) => void
  readonly log: Logger
  /** The path of a private folder of this attempt, removed afterwards. */
  readonly scratch: string
}

export interface FunctionEnv<O = unknown> {
  Variables: FunctionVariables<O>
}

/** Sizes and durations as people write them: `'50GiB'`, `'2h'`. */
export interface Definition<S extends z.ZodObject> {
  /** Lower-case letters, digits and hyphens, starting with a letter; part of object keys and metrics. */
  readonly name: string
  /** To be changed when results change, so that `outdated` ones can be found. */
  readonly version: string
  readonly on: {
    readonly bucket: string
    /** Case-insensitive globs, as picomatch reads them; one must match. @defaultValue every key */
    readonly match?: readonly string[]
    /** Case-insensitive globs; none may match. */
    readonly ignore?: readonly string[]
    /** The ways an object may be created. @defaultValue all of them */
    readonly events?: readonly CreatedEventName[]
    readonly size?: { readonly min?: string; readonly max?: string }
  }
  /** The bucket of results. @defaultValue { bucket: 'processed' } */
  readonly output?: { readonly bucket: string }
  readonly options?: S
  /**
   * Groups of options that exclude each other: one from a higher place (metadata over settings, a request over metadata)
   * replaces the others from lower ones. @defaultValue none
   */
  readonly alternatives?: readonly (readonly (keyof S['shape'] & string)[])[]
  /**
   * Whether it runs for every object that it matches, or only for those for which it is asked: by `make` in their metadata, by
   * the settings `SLUICE_MAKE` and `SLUICE_MAKE_RULES`, or by a request that names it. @defaultValue 'always'
   */
  readonly trigger?: 'always' | 'asked'
  /** Named sets of options, chosen by `preset=<name>`; names are written as those of functions. @defaultValue none */
  readonly presets?: Readonly<Record<string, Readonly<Partial<z.input<S>>>>>
  /**
   * Whether results are removed when somebody deletes their source. Results are always kept on buckets without versions, and
   * when the runtime itself removes the source (`afterSuccess`). @defaultValue 'keep'
   */
  readonly onDelete?: 'keep' | 'remove'
  /**
   * Whether the source is removed once every function that it matches has succeeded. Needs the right to delete in its bucket,
   * which `sluice setup` then grants to the runtime's account; sources in a bucket without versions are kept. @defaultValue 'keep'
   */
  readonly afterSuccess?: 'keep' | 'remove'
  /**
   * Attempts in total, the first included; the wait before attempt n is drawn from 0 to `first` * 2^(n-2), at most `max`.
   * @defaultValue { attempts: 5, first: '1s', max: '5m' }
   */
  readonly retry?: { readonly attempts?: number; readonly first?: string; readonly max?: string }
  /** @defaultValue '1h' */
  readonly timeout?: string
  /** The longest time without bytes in or out, or progress. @defaultValue '60s' */
  readonly stallTimeout?: string
  /** Attempts at a time in one worker process. @defaultValue 1 */
  readonly concurrency?: number
}

export interface FunctionDefinition {
  readonly name: string
  readonly version: string
  readonly bucket: string
  readonly match: readonly string[]
  readonly ignore: readonly string[]
  readonly events: readonly CreatedEventName[]
  readonly minBytes: number
  readonly maxBytes: number
  readonly outputBucket: string
  readonly options: z.ZodObject
  readonly alternatives: readonly (readonly string[])[]
  readonly trigger: 'always' | 'asked'
  /** Globs of keys for which the settings ask for it. */
  readonly askedOn: readonly string[]
  readonly presets: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly onDelete: 'keep' | 'remove'
  readonly afterSuccess: 'keep' | 'remove'
  readonly maxAttempts: number
  readonly firstDelayMs: number
  readonly maxDelayMs: number
  readonly timeoutMs: number
  readonly stallTimeoutMs: number
  readonly concurrency: number
  readonly handler: Handler<FunctionEnv>
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/

/** Of functions that take none. */
export const NO_OPTIONS = z.object({})

/** Options of a preset are checked one by one, as those of the settings are: others may come with the object. */
function presetIssues(defined: FunctionDefinition): readonly string[] {
  return Object.entries(defined.presets).flatMap(([preset, options]) => {
    const field = `function "${defined.name}": presets.${preset}:`
    const wrong = wrongOptions({ ...defined, presets: {} }, options).map((what) => `${field} ${what}`)
    return NAME.test(preset)
      ? wrong
      : [`${field} lower-case letters, digits and hyphens, starting with a letter`, ...wrong]
  })
}

type OptionsOf<S extends z.ZodObject> = keyof S['shape'] extends never ? {} : z.output<S>

/**
 * A function ready to be listed in `functions/index.ts`.
 *
 * @throws {ConfigError} when the definition is invalid, naming the function and every invalid field
 */
export function defineFunction<S extends z.ZodObject = z.ZodObject<{}>>(
  definition: Definition<S>,
  handler: (c: Context<FunctionEnv<OptionsOf<S>>>) => Response | Promise<Response>,
): FunctionDefinition {
  const issues: string[] = []
  const read = <T>(field: string, parse: () => T, fallback: T): T => {
    try {
      return parse()
    } catch (error) {
      issues.push(`function "${definition.name}": ${field}: ${messageOf(error)}`)
      return fallback
    }
  }
  /** @param choices - the first one is the default */
  const choice = <T extends string>(field: string, value: T | undefined, choices: readonly [T, T]): T => {
    if (value !== undefined && !choices.includes(value))
      issues.push(
        `function "${definition.name}": ${field}: ${JSON.stringify(value)} is neither "${choices.join('" nor "')}"`,
      )
    return value ?? choices[0]
  }
  const count = (field: string, value: number): number => {
    if (!Number.isInteger(value) || value < 1) {
      issues.push(`function "${definition.name}": ${field}: ${value} is not a whole number of at least 1`)
    }
    return value
  }
  const { on, output, retry } = definition
  const parts = { '': definition, 'on.': on, 'on.size.': on.size, 'output.': output, 'retry.': retry }
  issues.push(...unknownFields(definition.name, parts))
  if (!NAME.test(definition.name)) {
    issues.push(
      `function "${definition.name}": name: lower-case letters, digits and hyphens, starting with a letter`,
    )
  }
  const globs = (field: string, given: readonly string[] = []) => {
    for (const glob of given) read(field, () => void compileGlob(glob), undefined)
    return given
  }
  const defined: FunctionDefinition = {
    name: definition.name,
    version: definition.version,
    bucket: on.bucket,
    match: globs('on.match', on.match),
    ignore: globs('on.ignore', on.ignore),
    events: on.events ?? CREATED_EVENTS,
    minBytes: read('on.size.min', () => parseSizeBytes(on.size?.min ?? '0B'), 0),
    maxBytes: read('on.size.max', () => (on.size?.max ? parseSizeBytes(on.size.max) : Infinity), Infinity),
    outputBucket: definition.output?.bucket ?? RESULT_BUCKET,
    options: definition.options ?? NO_OPTIONS,
    alternatives: definition.alternatives ?? [],
    trigger: choice('trigger', definition.trigger, ['always', 'asked']),
    askedOn: [],
    presets: definition.presets ?? {},
    onDelete: choice('onDelete', definition.onDelete, ['keep', 'remove']),
    afterSuccess: choice('afterSuccess', definition.afterSuccess, ['keep', 'remove']),
    maxAttempts: count('retry.attempts', definition.retry?.attempts ?? 5),
    firstDelayMs: read('retry.first', () => parseDurationMs(definition.retry?.first ?? '1s'), 0),
    maxDelayMs: read('retry.max', () => parseDurationMs(definition.retry?.max ?? '5m'), 0),
    timeoutMs: read('timeout', () => parseDurationMs(definition.timeout ?? '1h'), 0),
    stallTimeoutMs: read('stallTimeout', () => parseDurationMs(definition.stallTimeout ?? '60s'), 0),
    concurrency: count('concurrency', definition.concurrency ?? 1),
    // The one cast: the runtime fills `options` with what `definition.options` parsed.
    handler: handler as unknown as Handler<FunctionEnv>,
  }
  for (const name of defined.alternatives.flat()) {
    if (!Object.hasOwn(defined.options.shape, name))
      issues.push(`function "${definition.name}": alternatives: "${name}" is not one of its options`)
  }
  issues.push(...presetIssues(defined))
  if (Object.keys(defined.presets).length > 0 && Object.hasOwn(defined.options.shape, PRESET))
    issues.push(`function "${definition.name}": presets: its option "${PRESET}" would have the same name`)
  if (issues.length > 0) throw new ConfigError(issues)
  return defined
}
