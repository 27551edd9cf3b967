/** Settings and functions for a command that needs both: every issue with either is reported at once. @module */
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
  /** The settings of the account that the command uses, and a description of it for the error message. */
  readonly account?: { readonly names: readonly [user: string, secret: string]; readonly description: string }
  /** Whether attempts run here: then the programs that functions use, and a folder to write in, must be there. */
  readonly tools: boolean
}

/** @throws {ConfigError} with every issue of settings, functions, options, tools and the scratch folder */
export async function loadSettings(env: Environment, needs: Needs): Promise<Settings> {
  const { config, issues } = readConfig(env)
  const all = [...issues]
  // When only one of the two is set, the other is reported already.
  const { account } = needs
  if (account?.names.every((name) => !isGiven(env, name)))
    all.push(`${account.names.join(' and ')}: ${account.description}`)
  const { list, issues: ofFunctions } = await readFunctions(config).catch((error: unknown) => {
    // An error that a module threw while loading is not about settings: it is thrown as it is when nothing else is wrong.
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
