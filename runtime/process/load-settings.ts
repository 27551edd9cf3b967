/** Settings and functions for a command that needs both: every issue with either is reported at once. @module */
import { readConfig, type Config } from '../settings/config.ts'
import { ConfigError, messageOf } from '../errors.ts'
import { isGiven, type Environment } from '../settings/files.ts'
import { readFunctions, type FunctionList } from '../function/list.ts'
import { makeScratchDir, makeSpoolDir } from './runtime-scratch.ts'

export interface Settings {
  readonly config: Config
  readonly list: FunctionList
}

export interface NeededAccount {
  readonly names: readonly [user: string, secret: string]
  readonly description: string
}

export interface Needs {
  /** The settings of the accounts that the command uses, and a description of each for the error message. */
  readonly accounts?: (config: Config) => readonly NeededAccount[]
  /** Whether attempts run here: then the programs that functions use, and a folder to write in, must be there. */
  readonly tools: boolean
}

/** @throws {ConfigError} with every issue of settings, functions, options, tools and the scratch folder */
export async function loadSettings(env: Environment, needs: Needs): Promise<Settings> {
  const { config, issues } = readConfig(env)
  const all = [...issues]
  // When only one of the two is set, the other is reported already.
  for (const { names, description } of needs.accounts?.(config) ?? [])
    if (names.every((name) => !isGiven(env, name))) all.push(`${names.join(' and ')}: ${description}`)
  const { list, issues: ofFunctions } = await readFunctions(config).catch((error: unknown) => {
    // An error that a module threw while loading is not about settings: it is thrown as it is when nothing else is wrong.
    if (all.length === 0) throw error
    return { list: undefined, issues: [messageOf(error)] }
  })
  all.push(...ofFunctions)
  if (needs.tools && list && config.roles.includes('streams') && !list.reception)
    all.push(
      'SLUICE_ROLES: streams: this list of functions has no export "reception", so nothing is received',
    )
  if (needs.tools) {
    await list?.tools?.().catch((error: unknown) => all.push(messageOf(error)))
    await makeScratchDir(config.scratchDir).catch((error: unknown) => all.push(messageOf(error)))
    if (config.roles.includes('streams'))
      await makeSpoolDir(config.streams.spoolDir).catch((error: unknown) => all.push(messageOf(error)))
  }
  if (!list || all.length > 0) throw new ConfigError(all)
  return { config, list }
}
