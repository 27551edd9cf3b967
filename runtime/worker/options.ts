/**
 * The options of an attempt: defaults < settings < object metadata < reprocess request. Pure.
 * @module
 */
import { z } from 'zod'
import { ConfigError, PermanentError } from '../errors.ts'
import type { FunctionDefinition } from '../function.ts'

export interface OptionLayers {
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  /** Clients write metadata of their own, so only names of the schema are read from it. */
  readonly metadata: Readonly<Record<string, string>>
  readonly request?: Readonly<Record<string, unknown>> | undefined
}

export interface MergedOptions {
  readonly options: Readonly<Record<string, unknown>>
  /** Metadata names that look like a misspelt option. */
  readonly warnings: readonly string[]
}

/**
 * The options that a handler gets.
 *
 * @throws {PermanentError} when a value is wrong; the message names the option, where it came from, and what is valid
 */
export function mergeOptions(definition: FunctionDefinition, layers: OptionLayers): MergedOptions {
  const names = Object.keys(definition.options.shape)
  const fromMetadata = Object.fromEntries(
    Object.entries(layers.metadata).filter(([name]) => names.includes(name)),
  )
  const merged = { ...layers.settings, ...fromMetadata, ...layers.request }
  const result = definition.options.safeParse(merged)
  if (!result.success) throw new PermanentError(explain(definition, result.error, merged, fromMetadata))
  return { options: result.data, warnings: nearMisses(Object.keys(layers.metadata), names) }
}

/**
 * Checks the options in the settings before anything runs.
 *
 * @throws {ConfigError} naming each unknown function, unknown option and wrong value
 */
export function checkOptionSettings(
  functions: readonly FunctionDefinition[],
  settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): void {
  const issues: string[] = []
  for (const [name, values] of Object.entries(settings)) {
    const definition = functions.find((candidate) => candidate.name === name)
    if (!definition) {
      issues.push(
        `SLUICE_OPTIONS: no function "${name}"; there are ${functions.map((each) => each.name).join(', ')}`,
      )
      continue
    }
    const result = definition.options.partial().strict().safeParse(values)
    for (const issue of result.error?.issues ?? []) {
      const valid = validOptions(definition)
      issues.push(`SLUICE_OPTIONS: ${[name, ...issue.path].join('.')}: ${issue.message}; valid: ${valid}`)
    }
  }
  if (issues.length > 0) throw new ConfigError(issues)
}

/** What can be given, in words: `seconds: number from 0.5 to 600, default 6`. */
export function validOptions(definition: FunctionDefinition): string {
  const { properties = {} } = z.toJSONSchema(definition.options) as {
    properties?: Record<string, OptionSchema>
  }
  const described = Object.entries(properties).map(([name, schema]) => `${name}: ${describeOption(schema)}`)
  return described.length > 0 ? described.join('; ') : 'this function takes no options'
}

interface OptionSchema {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: unknown
}

function describeOption(schema: OptionSchema): string {
  const kind = schema.enum ? `one of ${schema.enum.join(', ')}` : (schema.type ?? 'any')
  const from = schema.minimum === undefined ? '' : ` from ${schema.minimum}`
  const to = schema.maximum === undefined ? '' : ` to ${schema.maximum}`
  return `${kind}${from}${to}${schema.default === undefined ? '' : `, default ${JSON.stringify(schema.default)}`}`
}

function explain(
  definition: FunctionDefinition,
  error: z.ZodError,
  merged: Readonly<Record<string, unknown>>,
  fromMetadata: Readonly<Record<string, unknown>>,
): string {
  const wrong = error.issues.map((issue) => {
    const name = String(issue.path[0] ?? '')
    const origin = name in fromMetadata ? ' (from the object’s metadata)' : ''
    return `option "${name}"${origin} is ${JSON.stringify(merged[name])}: ${issue.message}`
  })
  return `${wrong.join('; ')}. Valid options of ${definition.name}: ${validOptions(definition)}`
}

function nearMisses(given: readonly string[], names: readonly string[]): string[] {
  return given.flatMap((name) => {
    if (names.includes(name)) return []
    const near = names.find((candidate) => distance(name, candidate) <= (candidate.length > 4 ? 2 : 1))
    return near === undefined
      ? []
      : [`metadata "${name}" is no option and was not used; did you mean "${near}"?`]
  })
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1)
    }
    row = next
  }
  return row[b.length] as number
}
