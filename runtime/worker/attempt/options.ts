/**
 * The options of an attempt: defaults < settings < object metadata < reprocess request. Pure.
 *
 * Names match whatever their case: S3 stores metadata names in lower case, and nobody should have to know.
 * @module
 */
import { z } from 'zod'
import { ConfigError, messageOf, PermanentError } from '../../errors.ts'
import type { FunctionDefinition } from '../../function.ts'
import { nearMisses } from './near-misses.ts'
import { validOptions } from './valid-options.ts'

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
 * @throws {PermanentError} when a value is wrong, or the request names what is no option; the message names the option,
 * where it came from, and what is valid
 */
export function mergeOptions(definition: FunctionDefinition, layers: OptionLayers): MergedOptions {
  const names = Object.keys(definition.options.shape)
  const [settings, metadata, request] = [layers.settings, layers.metadata, layers.request].map((layer) =>
    byOption(names, layer ?? {}),
  ) as [Named, Named, Named]
  if (request.unknown.length > 0) {
    const unknown = request.unknown.map((name) => JSON.stringify(name)).join(', ')
    throw new PermanentError(`no option: ${unknown} (from the request). ${validLine(definition)}`)
  }
  const layersByRank = [
    { values: request.values, from: ' (from the request)' },
    { values: metadata.values, from: ' (from the object’s metadata)' },
    { values: settings.values, from: ' (from SLUICE_OPTIONS)' },
  ]
  const merged = { ...settings.values, ...metadata.values, ...request.values }
  const result = check(definition, merged)
  if (!result.success) {
    const wrong = result.error.issues.map(({ path: [name], message }) => {
      // A rule about several options at once has no name.
      if (typeof name !== 'string') return `options ${JSON.stringify(merged)}: ${message}`
      const from = layersByRank.find(({ values }) => Object.hasOwn(values, name))?.from ?? ''
      return `option "${name}"${from} is ${JSON.stringify(merged[name])}: ${message}`
    })
    throw new PermanentError(`${wrong.join('; ')}. ${validLine(definition)}`)
  }
  return { options: result.data, warnings: nearMisses(metadata.unknown, names) }
}

/**
 * Checks the options in the settings before anything runs: each by itself, since others may come with the object.
 *
 * @throws {ConfigError} naming each unknown function, unknown option and wrong value
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
        `SLUICE_OPTIONS: no function "${name}"; there are ${functions.map((each) => each.name).join(', ')}`,
      )
      continue
    }
    const wrong = wrongOptions(definition, given)
    issues.push(...wrong.map((what) => `SLUICE_OPTIONS: ${what}; valid: ${validOptions(definition)}`))
  }
  if (issues.length > 0) throw new ConfigError(issues)
}

/**
 * What is wrong with options that are given before there is an object: unknown names and values that are none, each by itself.
 * Shape: `chunk.seconds: Too small: expected number to be >=0.5`.
 */
export function wrongOptions(
  definition: FunctionDefinition,
  given: Readonly<Record<string, unknown>>,
): readonly string[] {
  const { name, options } = definition
  const { values, unknown } = byOption(Object.keys(options.shape), given)
  const wrong = unknown.map((option) => `${name}: no option ${JSON.stringify(option)}`)
  for (const [option, value] of Object.entries(values)) {
    const schema = options.shape[option]
    for (const issue of (schema && z.safeParse(schema, value).error?.issues) ?? [])
      wrong.push(`${[name, option, ...issue.path].join('.')}: ${issue.message}`)
  }
  return wrong
}

interface Named {
  /** Under the names of the schema. */
  readonly values: Readonly<Record<string, unknown>>
  readonly unknown: readonly string[]
}

function byOption(names: readonly string[], given: Readonly<Record<string, unknown>>): Named {
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

/** A schema whose own code fails, such as a transform, fails the next time too. */
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
