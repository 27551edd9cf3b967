/** The options a function takes: matched by name, and described in words for error messages. Pure. @module */
import { z } from 'zod'

/** The part of a definition that says which options it has. */
export interface WithOptions {
  readonly name: string
  readonly options: z.ZodObject
  readonly alternatives: readonly (readonly string[])[]
  readonly presets: Readonly<Record<string, unknown>>
}

/** The option that chooses a preset, of functions that have some. */
export const PRESET = 'preset'

/** The schemas of all options, that of `preset` included. */
export function shapeOf({
  options,
  presets,
}: Pick<WithOptions, 'options' | 'presets'>): Readonly<Record<string, z.core.$ZodType>> {
  const names = Object.keys(presets)
  return names.length === 0 ? options.shape : { ...options.shape, [PRESET]: z.enum(names) }
}

/** The options of a request that are meant for one function: `hls.seconds` for hls alone, a bare name for each that has it. */
export interface Addressed {
  readonly bare: Readonly<Record<string, unknown>>
  readonly own: Readonly<Record<string, unknown>>
}

/** Whether an option is written for this function alone: `hls.seconds`. */
export function isAddressedTo(functionName: string, option: string): boolean {
  return option.toLowerCase().startsWith(`${functionName}.`)
}

export function addressed(
  { name }: { readonly name: string },
  functions: readonly { readonly name: string }[],
  given: Readonly<Record<string, unknown>>,
): Addressed {
  const entries = Object.entries(given)
  const own = entries.filter(([option]) => isAddressedTo(name, option))
  const isAnothers = (option: string) => functions.some((other) => isAddressedTo(other.name, option))
  return {
    bare: Object.fromEntries(entries.filter((entry) => !own.includes(entry) && !isAnothers(entry[0]))),
    own: Object.fromEntries(own.map(([option, value]) => [option.slice(name.length + 1), value])),
  }
}

/** Such as `seconds: number from 0.5 to 600, default 6; mode: one of copy, exact`. */
export function validOptions(definition: WithOptions): string {
  const described = Object.keys(shapeOf(definition)).map(
    (name) => `${name}: ${validOption(definition, name)}`,
  )
  return described.length > 0 ? described.join('; ') : 'this function takes no options'
}

/** Describes one option: `number from 0.5 to 600, default 6`. */
export function validOption(definition: WithOptions, name: string): string {
  const schema = shapeOf(definition)[name]
  return schema ? schemaInWords(schemaOf(schema)) : 'see the function'
}

/** The part of JSON Schema that is described. */
export interface OptionSchema {
  /** Several, for a union of bare types. */
  readonly type?: string | readonly string[]
  /** The author's own description, which says more than a type. */
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly OptionSchema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly default?: unknown
}

/** The schema of the input, before transforms. Parts that JSON Schema cannot express are left out: it never fails. */
function schemaOf(schema: z.core.$ZodType): OptionSchema {
  try {
    return z.toJSONSchema(schema, {
      io: 'input',
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        const { type } = zodSchema._zod.def
        if (type === 'date' || type === 'bigint') Object.assign(jsonSchema, { type })
      },
    }) as OptionSchema
  } catch {
    return {}
  }
}

/** Such as `number from 0.5 to 600, default 6`. */
export function schemaInWords(schema: OptionSchema): string {
  const words = [kindOf(schema)]
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  if (isLimit(minimum)) words.push(`from ${minimum}`)
  if (isLimit(exclusiveMinimum)) words.push(`above ${exclusiveMinimum}`)
  if (isLimit(maximum)) words.push(`to ${maximum}`)
  if (isLimit(exclusiveMaximum)) words.push(`below ${exclusiveMaximum}`)
  return `${words.join(' ')}${schema.default === undefined ? '' : `, default ${JSON.stringify(schema.default)}`}`
}

function kindOf(schema: OptionSchema): string {
  if (schema.description !== undefined) return schema.description
  if (schema.enum) return `one of ${schema.enum.join(', ')}`
  if (schema.anyOf) return schema.anyOf.map(schemaInWords).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  return [schema.type ?? 'see the function'].flat().join(' or ')
}

/** False for the limits of JavaScript's integers, which every whole number has. */
function isLimit(value: number | undefined): boolean {
  return value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER
}

/**
 * Lists the problems of options that are given before there is an object: unknown names, conflicting alternatives, invalid values.
 * Shape: `chunk.seconds: must be at least 0.5`.
 */
export function wrongOptions(
  definition: WithOptions,
  given: Readonly<Record<string, unknown>>,
): readonly string[] {
  const { name } = definition
  const shape = shapeOf(definition)
  const { values, unknown } = byOption(Object.keys(shape), given)
  const wrong = unknown.map((option) => `${name}: unknown option ${JSON.stringify(option)}`)
  for (const group of definition.alternatives) {
    const together = group.filter((option) => Object.hasOwn(values, option))
    if (together.length > 1)
      wrong.push(`${name}: ${together.join(' and ')} are alternatives: give one of them`)
  }
  for (const [option, value] of Object.entries(values)) {
    const schema = shape[option]
    for (const issue of (schema && z.safeParse(schema, value).error?.issues) ?? [])
      wrong.push(`${[name, option, ...issue.path].join('.')}: ${issue.message}`)
  }
  return wrong
}

export interface Named {
  /** By the names of the schema. */
  readonly values: Readonly<Record<string, unknown>>
  readonly unknown: readonly string[]
}

/** Matches given names to option names, ignoring case: S3 stores metadata names in lower case. */
export function byOption(names: readonly string[], given: Readonly<Record<string, unknown>>): Named {
  const unknown: string[] = []
  const values: [string, unknown][] = []
  for (const [name, value] of Object.entries(given)) {
    const option =
      names.find((each) => each === name) ?? names.find((each) => each.toLowerCase() === name.toLowerCase())
    if (option === undefined) unknown.push(name)
    else values.push([option, value])
  }
  return { values: Object.fromEntries(values), unknown }
}
