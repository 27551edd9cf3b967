/** Settings and functions for a command that needs both: all that is wrong with either is said at once. @module */
import { readConfig, type Config, type Environment } from '../config.ts'
import { ConfigError, messageOf } from '../errors.ts'
import { isGiven } from '../setting-files.ts'
import { readFunctions, type FunctionList } from './load-functions.ts'

export interface Settings {
  readonly config: Config
  readonly list: FunctionList
}

export interface Needs {
  /** The settings of an account that the command works with. */
  readonly account: readonly [user: string, secret: string]
  /** What the account is, for whoever left it out. */
  readonly description: string
  /** Whether the programs that functions work with must be there. */
  readonly tools: boolean
}

/** @throws {ConfigError} with every issue of settings, functions, options and tools */
export async function loadSettings(env: Environment, needs: Needs): Promise<Settings> {
  const { config, issues } = readConfig(env)
  const all = [...issues]
  // When one of both is there, its partner was missed already.
  if (needs.account.every((name) => !isGiven(env, name)))
    all.push(`${needs.account.join(' and ')}: ${needs.description}`)
  const { list, issues: ofFunctions } = await readFunctions(config).catch((error: unknown) => {
    // What a module threw as it was loaded is no setting, and stands alone when nothing else is wrong.
    if (all.length === 0) throw error
    return { list: undefined, issues: [messageOf(error)] }
  })
  all.push(...ofFunctions)
  if (needs.tools && list?.tools) {
    await list.tools().catch((error: unknown) => all.push(messageOf(error)))
  }
  if (!list || all.length > 0) throw new ConfigError(all)
  return { config, list }
}
