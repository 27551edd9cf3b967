/** Settings and functions for a command that needs both: all that is wrong with either is said at once. @module */
import { readConfig, type Config } from '../settings/config.ts'
import { ConfigError, messageOf } from '../errors.ts'
import { isGiven, type Environment } from '../settings/files.ts'
import { readFunctions, type FunctionList } from '../function/list.ts'
import { makeScratchDir } from './runtime-scratch.ts'

export interface Settings {
  readonly config: Config
  readonly list: FunctionList
}

export interface Needs {
  /** The settings of an account that the command works with, and what the account is, for a person who left it out. */
  readonly account?: { readonly names: readonly [user: string, secret: string]; readonly description: string }
  /** Whether attempts run here: then the programs that functions work with, and a folder to write in, must be there. */
  readonly tools: boolean
}

/** @throws {ConfigError} with every issue of settings, functions, options, tools and the scratch folder */
export async function loadSettings(env: Environment, needs: Needs): Promise<Settings> {
  const { config, issues } = readConfig(env)
  const all = [...issues]
  // When one of both is there, its partner was missed already.
  const { account } = needs
  if (account?.names.every((name) => !isGiven(env, name)))
    all.push(`${account.names.join(' and ')}: ${account.description}`)
  const { list, issues: ofFunctions } = await readFunctions(config).catch((error: unknown) => {
    // What a module threw as it was loaded is no setting, and stands alone when nothing else is wrong.
    if (all.length === 0) throw error
    return { list: undefined, issues: [messageOf(error)] }
  })
  all.push(...ofFunctions)
  if (needs.tools) {
    await list?.tools?.().catch((error: unknown) => all.push(messageOf(error)))
    await makeScratchDir(config.scratchDir).catch((error: unknown) => all.push(messageOf(error)))
  }
  if (!list || all.length > 0) throw new ConfigError(all)
  return { config, list }
}
