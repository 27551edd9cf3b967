/** The list of functions: loaded, and checked before anything is connected. @module */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Config } from '../config.ts'
import { ConfigError } from '../errors.ts'
import type { FunctionDefinition } from '../function.ts'
import { createRouter } from '../intake/routing.ts'
import { placeOf } from '../worker/manifest-of.ts'
import { checkOptionSettings } from '../worker/options.ts'

/** What a list of functions exports. */
export interface FunctionList {
  readonly functions: readonly FunctionDefinition[]
  /** What they work with, for `/healthz`: names and versions such as `{ ffmpeg: '5.1.9 (path)' }`. */
  readonly tools?: () => Promise<Readonly<Record<string, string>>>
}

/**
 * The functions that `functions/index.ts`, or the file in the settings, lists.
 *
 * @throws {ConfigError} when there is none, two share a name, one would trigger itself, or the settings name one wrongly
 */
export async function loadFunctions(config: Config): Promise<FunctionList> {
  const file = config.functionsFile
  const url = file
    ? pathToFileURL(resolve(file)).href
    : new URL('../../functions/index.ts', import.meta.url).href
  const { functions, tools } = (await import(url)) as Partial<FunctionList>
  if (!functions?.length)
    throw new ConfigError([`${file ?? 'functions/index.ts'} exports no list "functions"`])
  const names = functions.map(({ name }) => name)
  const issues = [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => `two functions are called "${name}"`),
    ...config.functionNames
      .filter((name) => !names.includes(name))
      .map((name) => `SLUICE_FUNCTIONS: no function "${name}"; there are ${names.join(', ')}`),
    ...functions
      .filter(triggersItself)
      .map(
        ({ name, bucket }) =>
          `function "${name}" would trigger itself: its results in "${bucket}" match its "on"`,
      ),
  ]
  if (issues.length > 0) throw new ConfigError(issues)
  checkOptionSettings(functions, config.functionOptions)
  return { functions, ...(tools && { tools }) }
}

/** Whether a function's own manifest, where it would lie for some source, is what the function waits for. */
function triggersItself(definition: FunctionDefinition): boolean {
  const { bucket, outputBucket, minBytes } = definition
  const place = placeOf(definition, { bucket, key: 'any.file' })
  const [route] = createRouter([definition])({
    bucket: outputBucket,
    key: place.manifestKey,
    sizeBytes: minBytes,
  })
  return route?.mismatch === undefined
}
