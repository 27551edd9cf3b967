/**
 * Finds the options among an object's metadata. Pure.
 *
 * Other tools write metadata of their own under ordinary names (s3fs and rclone: `mode`), so a bare name sets an option only
 * when its value is valid. A name with a prefix can only be meant for us: it always sets the option, and a wrong value fails.
 * @module
 */
import { z } from 'zod'
import type { FunctionDefinition } from './definition.ts'
import { MAKE, makeOf, strangeWords } from './make.ts'
import { nearestOf, shortened } from './near-miss.ts'
import { vainOptions } from './vain-options.ts'
import { byOption, shapeOf, validOption, type Named } from './valid-options.ts'

/** The prefix of names meant for every function that has the option: `sluice-seconds`. */
const OUR_PREFIX = 'sluice-'

export interface MetadataOptions {
  /** From the lowest rank to the highest: bare names, `sluice-` names, names with the function's own prefix. */
  readonly layers: readonly Readonly<Record<string, unknown>>[]
  /** Names with the function's prefix that are not options. */
  readonly unknown: readonly string[]
  readonly warnings: readonly string[]
}

/** @param functions - all functions that a name may be meant for */
export function metadataOptions(
  definition: FunctionDefinition,
  metadata: Readonly<Record<string, string>>,
  functions: readonly FunctionDefinition[],
): MetadataOptions {
  const names = Object.keys(shapeOf(definition))
  const ownPrefix = `${definition.name}.`
  const own: [string, string][] = []
  const ours: [string, string][] = []
  const bare: [string, string][] = []
  for (const [name, value] of Object.entries(metadata)) {
    // S3 stores names in lower case, but proxies and gateways need not.
    const lower = name.toLowerCase()
    if (lower.startsWith(ownPrefix)) own.push([name.slice(ownPrefix.length), value])
    else if (lower.startsWith(OUR_PREFIX)) ours.push([name.slice(OUR_PREFIX.length), value])
    else bare.push([name, value])
  }
  const [byOwn, byOurs, byBare] = [own, ours, bare].map((entries) =>
    byOption(names, Object.fromEntries(entries)),
  ) as [Named, Named, Named]
  const valid: [string, unknown][] = []
  const warnings: string[] = []
  for (const [name, value] of Object.entries(byBare.values)) {
    if (isValid(definition, name, value)) valid.push([name, value])
    else warnings.push(ignored(definition, name, String(value)))
  }
  const make = makeOf(metadata)
  const known = [MAKE, ...optionNames(functions)]
  const ofNone = byOption(known, Object.fromEntries(ours)).unknown
  const strange = strangeWords(make, functions)
  // An option of another function is spelled as it is meant.
  const isOfNone = (name: string) => byOption(known, { [name]: '' }).unknown.length > 0
  const nearest = nearMisses(
    [
      ...byBare.unknown.filter(isOfNone),
      ...byOurs.unknown.filter(isOfNone).map((name) => `${OUR_PREFIX}${name}`),
    ],
    [...names, ...names.flatMap((name) => [`${OUR_PREFIX}${name}`, `${ownPrefix}${name}`])],
  )
  // Our prefix can only be meant for us, so an unknown name with it is always reported.
  const isPointedOut = (name: string) => nearest.some((warning) => warning.startsWith(`metadata "${name}" `))
  const ofNobody = ofNone
    .map((name) => `${OUR_PREFIX}${name}`)
    .filter((name) => !isPointedOut(name))
    .map((name) => notAnOption(definition, name))
  return {
    layers: [Object.fromEntries(valid), byOurs.values, byOwn.values],
    unknown: byOwn.unknown.map((name) => `${ownPrefix}${name}`),
    warnings: [
      ...warnings,
      ...nearest,
      ...ofNobody,
      ...(strange === undefined ? [] : [strange]),
      ...vainOptions(definition, metadata, functions, make),
    ],
  }
}

function optionNames(functions: readonly FunctionDefinition[]): readonly string[] {
  return functions.flatMap((each) => Object.keys(shapeOf(each)))
}

function isValid(definition: FunctionDefinition, name: string, value: unknown): boolean {
  const schema = shapeOf(definition)[name]
  try {
    return schema !== undefined && z.safeParse(schema, value).success
  } catch {
    // The schema's own code failed: a value that it cannot read is not valid.
    return false
  }
}

function ignored(definition: FunctionDefinition, name: string, value: string): string {
  return `metadata "${name}" was ignored: ${JSON.stringify(shortened(value))} is not a valid value of this option (${validOption(definition, name)}), so it may be another program's; the name "${definition.name}.${name}" always sets the option`
}

function notAnOption(definition: FunctionDefinition, written: string): string {
  const { name } = definition
  const valid = Object.keys(shapeOf(definition))
  const has = valid.length > 0 ? `those of ${name} are ${valid.join(', ')}` : `${name} has none`
  return `metadata "${shortened(written)}" is not an option of any function and was ignored; ${has}`
}

/** A warning for each metadata name that is close to an option's name. */
function nearMisses(unknown: readonly string[], options: readonly string[]): string[] {
  return unknown.flatMap((name) => {
    const near = nearestOf(name, options)
    return near === undefined
      ? []
      : [`metadata "${name}" is not an option and was ignored; did you mean "${near}"?`]
  })
}
