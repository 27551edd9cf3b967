/** Settings and functions: the errors for which `sluice start` would refuse to start. @module */
import { readConfig, type Config } from '../../settings/config.ts'
import { messageOf } from '../../errors.ts'
import { readFunctions, type FunctionList } from '../../function/list.ts'
import { fail, ok, warn, type Finding } from './finding.ts'
import type { Environment } from '../../settings/files.ts'

export interface SettingsReading {
  /** Settings that are wrong have their default. */
  readonly config: Config
  /** The environment without the settings that are wrong. */
  readonly soundEnv: Environment
  /** Empty when the list cannot be loaded. */
  readonly list: FunctionList
  readonly findings: readonly Finding[]
}

export async function readSettings(env: Environment): Promise<SettingsReading> {
  const { config, issues } = readConfig(env)
  const { list, issues: ofFunctions } = await readFunctions(config).catch((error: unknown) => ({
    list: undefined,
    issues: [messageOf(error)],
  }))
  const names = (list?.functions ?? []).map(({ name }) => name).join(', ')
  const wrong = issues.flatMap((issue) => issue.split(':')[0]?.match(/[A-Z][A-Z_]+/g) ?? [])
  return {
    config,
    soundEnv: Object.fromEntries(Object.entries(env).filter(([name]) => !wrong.includes(name))),
    list: list ?? { functions: [] },
    findings: [
      ...(issues.length === 0 ? [ok('environment', 'every setting is valid')] : issues.map(toFinding)),
      ...(ofFunctions.length === 0
        ? [ok('functions', names)]
        : ofFunctions.map((issue) =>
            fail('functions', issue, `$EDITOR ${config.functionsFile ?? 'functions/index.ts'}`),
          )),
      ...(config.runtimeCredentials
        ? []
        : [
            warn(
              'accounts',
              'MINIO_ACCESS_KEY and MINIO_SECRET_KEY are not set: the runtime needs them, and its account is not checked',
              'export MINIO_ACCESS_KEY=… MINIO_SECRET_KEY=…',
            ),
          ]),
    ],
  }
}

/** Without the setting its default is used; the issue says what would be valid. */
function toFinding(issue: string): Finding {
  const names = /^[A-Z][A-Z_]+(?=[ :,])/.exec(issue)
  return names ? fail('environment', issue, `unset ${names[0]}`) : fail('environment', issue)
}
