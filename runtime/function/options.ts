/**
 * The options of an attempt: defaults < preset < settings < object metadata < reprocess request, each option by itself. Pure.
 *
 * The preset is that of the highest layer that names one.
 *
 * Where options are alternatives (`seconds`, `parts`, `bytes`), one of a higher layer replaces the others of lower ones.
 * @module
 */
import { ConfigError, messageOf, PermanentError } from '../errors.ts'
import { NO_OPTIONS, type FunctionDefinition } from './definition.ts'
import { metadataOptions } from './metadata-options.ts'
import { addressed, byOption, PRESET, shapeOf, validOptions, wrongOptions } from './valid-options.ts'

const FROM_METADATA = ' (from the object’s metadata)'
const FROM_REQUEST = ' (from the request)'

export interface OptionLayers {
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  /** Clients write metadata of their own: `metadata-options.ts` finds the options among them. */
  readonly metadata: Readonly<Record<string, string>>
  readonly request?: Readonly<Record<string, unknown>> | undefined
  /** All functions that metadata may be meant for. @defaultValue this one alone */
  readonly functions?: readonly FunctionDefinition[]
}

export interface MergedOptions {
  readonly options: Readonly<Record<string, unknown>>
  /** The name of the preset, where one was chosen. */
  readonly preset?: string
  /** About metadata that look like an option but were ignored. */
  readonly warnings: readonly string[]
}

/**
 * Merges the options of a handler.
 *
 * @throws {PermanentError} when a value is invalid, or a name that can only be meant as an option is unknown; the message names
 * the option, its origin, and the valid values
 */
export function mergeOptions(definition: FunctionDefinition, layers: OptionLayers): MergedOptions {
  // A function that takes none, of an object that says nothing: most runs of such functions.
  if (definition.options === NO_OPTIONS && !isAnyGiven(layers)) return { options: {}, warnings: [] }
  const { functions = [definition] } = layers
  const names = Object.keys(shapeOf(definition))
  const settings = byOption(names, layers.settings ?? {})
  const metadata = metadataOptions(definition, layers.metadata, functions)
  const { bare, own } = addressed(definition, functions, layers.request ?? {})
  const requests = [bare, own].map((given) => byOption(names, given))
  mustBeKnown(definition, metadata.unknown, FROM_METADATA)
  mustBeKnown(
    definition,
    requests.flatMap(({ unknown }) => unknown),
    FROM_REQUEST,
  )
  const given = [
    { values: settings.values, from: ' (from SLUICE_OPTIONS)' },
    ...metadata.layers.map((values) => ({ values, from: FROM_METADATA })),
    ...requests.map(({ values }) => ({ values, from: FROM_REQUEST })),
  ]
  const chosen = chosenPreset(definition, given)
  const ranked = chosen
    ? [{ values: chosen.values, from: ` (from preset "${chosen.name}")` }, ...given]
    : given
  const merged: Record<string, unknown> = {}
  for (const { values } of ranked) {
    for (const name of replacedBy(values, definition.alternatives)) delete merged[name]
    Object.assign(merged, values)
  }
  if (chosen) delete merged[PRESET]
  const result = check(definition, merged)
  if (!result.success) {
    const wrong = result.error.issues.map(({ path: [name], message }) => {
      // A rule about several options at once has no name.
      if (typeof name !== 'string') return `options ${JSON.stringify(merged)}: ${message}`
      const from = ranked.findLast(({ values }) => Object.hasOwn(values, name))?.from ?? ''
      return `option "${name}"${from} is ${JSON.stringify(merged[name])}: ${message}`
    })
    throw new PermanentError([...wrong, ...metadata.warnings].join('; ') + `. ${validLine(definition)}`)
  }
  return { options: result.data, ...(chosen && { preset: chosen.name }), warnings: metadata.warnings }
}

/**
 * Checks the options in the settings at startup: each by itself, since others may come with the object.
 *
 * @throws {ConfigError} naming each unknown function, unknown option and invalid value
 */
export function checkOptionSettings(
  functions: readonly FunctionDefinition[],
  settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): void {
  const issues: string[] = []
  for (const [name, given] of Object.entries(settings)) {
    const definition = functions.find((candidate) => candidate.name === name)
    if (!definition) {
      issues.push(
        `SLUICE_OPTIONS: unknown function "${name}"; known are ${functions.map((each) => each.name).join(', ')}`,
      )
      continue
    }
    const wrong = wrongOptions(definition, given)
    issues.push(...wrong.map((what) => `SLUICE_OPTIONS: ${what}; valid: ${validOptions(definition)}`))
  }
  if (issues.length > 0) throw new ConfigError(issues)
}

interface Layer {
  readonly values: Readonly<Record<string, unknown>>
  readonly from: string
}

/**
 * The preset of the highest layer that names one; undefined when none does, or the function has none.
 *
 * @throws {PermanentError} when there is no such preset
 */
function chosenPreset(definition: FunctionDefinition, given: readonly Layer[]) {
  const { presets } = definition
  if (Object.keys(presets).length === 0) return undefined
  const layer = given.findLast(({ values }) => Object.hasOwn(values, PRESET))
  if (!layer) return undefined
  const name = layer.values[PRESET]
  const values = typeof name === 'string' && Object.hasOwn(presets, name) ? presets[name] : undefined
  if (values) return { name: String(name), values }
  throw new PermanentError(
    `preset${layer.from} is ${JSON.stringify(name)}: the presets of ${definition.name} are ${Object.keys(presets).join(', ')}`,
  )
}

function isAnyGiven({ settings = {}, metadata, request = {} }: OptionLayers): boolean {
  return [settings, metadata, request].some((each) => Object.keys(each).length > 0)
}

/** @throws {PermanentError} */
function mustBeKnown(definition: FunctionDefinition, unknown: readonly string[], from: string): void {
  if (unknown.length === 0) return
  const named = unknown.map((name) => JSON.stringify(name)).join(', ')
  throw new PermanentError(`unknown option: ${named}${from}. ${validLine(definition)}`)
}

/** The options that `values` replace. */
function replacedBy(
  values: Readonly<Record<string, unknown>>,
  alternatives: FunctionDefinition['alternatives'],
): readonly string[] {
  return alternatives.filter((group) => group.some((name) => Object.hasOwn(values, name))).flat()
}

/** Parses the options. A schema whose own code fails, such as a transform, would fail the next time too. */
function check(definition: FunctionDefinition, merged: Readonly<Record<string, unknown>>) {
  try {
    return definition.options.safeParse(merged)
  } catch (error) {
    throw new PermanentError(
      `the options of ${definition.name} cannot be read: ${messageOf(error)}. ${validLine(definition)}`,
      { cause: error },
    )
  }
}

function validLine(definition: FunctionDefinition): string {
  return `Valid options of ${definition.name}: ${validOptions(definition)}`
}
