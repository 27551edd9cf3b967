/** All checks before anything is started: settings, functions, their tools, and the folders to write in. @module */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../../runtime/errors.ts'
import type { FunctionDefinition } from '../../../runtime/function/definition.ts'
import { loadSettings } from '../../../runtime/process/load-settings.ts'
import { openDataDir } from '../settings/data-dir.ts'
import type { LocalSettings } from '../settings/settings.ts'
import type { Environment } from '../../../runtime/settings/files.ts'

export interface Checks {
  readonly env: Environment
  readonly dataDir: string
  readonly load: (env: Environment) => LocalSettings | Promise<LocalSettings>
}

export interface Prepared {
  readonly settings: LocalSettings
  /** The functions that run here. */
  readonly functions: readonly FunctionDefinition[]
}

/** @throws {ConfigError} with every issue, each once */
export async function checkSettings({ env, dataDir, load }: Checks): Promise<Prepared> {
  const issues = new Set<string>()
  const collect = async <T>(look: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await look()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const issue of error.issues) issues.add(issue)
      return undefined
    }
  }
  const settings = await collect(() => load(env))
  const hasDataDir = await collect(() => {
    openDataDir(dataDir)
    return true
  })
  // Attempts write below the data, unless another folder is set: an issue of the data folder must not be reported for both.
  const scratch = { SLUICE_SCRATCH_DIR: hasDataDir ? join(dataDir, 'scratch') : tmpdir() }
  const loaded = await collect(() => loadSettings({ ...scratch, ...withoutEmpty(env) }, { tools: true }))
  if (!settings || !loaded || issues.size > 0) throw new ConfigError([...issues])
  const { functionNames } = settings.config
  const { functions } = loaded.list
  return {
    settings,
    functions: functions.filter(({ name }) => functionNames.length === 0 || functionNames.includes(name)),
  }
}

/** An empty setting counts as one that is not given. */
function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value))
}
