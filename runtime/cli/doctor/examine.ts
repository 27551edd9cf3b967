/** The examination: settings, then every group of checks, in the order in which one failure explains the next. @module */
import { type CliContext, InterruptedError } from '../command.ts'
import { interruptible } from '../terminal/progress.ts'
import { checkAccounts } from './accounts.ts'
import { checkProbeUpload } from './probe-upload.ts'
import { checkProbeRun } from './probe-run.ts'
import { checkClocks, checkMachine } from './machine.ts'
import { createReport, fail, type Finding, type Findings, guarded, ok, type Report, warn } from './finding.ts'
import { checkMinio } from './minio.ts'
import { checkNotifications } from './notifications.ts'
import { openSubject, type Subject } from './subject.ts'
import { checkRedis } from './redis.ts'
import { checkRuntime } from './runtime.ts'
import { checkStreams } from './streams.ts'
import { checkTargets } from './targets.ts'
import { type Config, readConfig } from '../../settings/config.ts'
import { messageOf } from '../../errors.ts'
import { type FunctionList, readFunctions } from '../../function/list.ts'
import type { Environment } from '../../settings/files.ts'

export interface DoctorOptions {
  readonly api?: string
  readonly json?: boolean
  readonly probe: boolean
  readonly run?: string
  readonly file?: string
}

const GROUPS: readonly (readonly [name: string, check: (subject: Subject) => Findings])[] = [
  ['machine', checkMachine],
  ['redis', checkRedis],
  ['minio', checkMinio],
  ['accounts', checkAccounts],
  ['notifications', checkNotifications],
  ['targets', checkTargets],
  ['clocks', checkClocks],
  ['runtime', checkRuntime],
  ['streams', checkStreams],
  ['probe', checkProbeUpload],
]
/** Skipped when MinIO does not answer. */
const OF_MINIO = ['accounts', 'notifications', 'targets', 'probe']

/**
 * The number of checks that failed.
 *
 * @throws {InterruptedError} at Ctrl-C, after the uploads are removed
 */
export async function examine(context: CliContext, options: DoctorOptions): Promise<number> {
  const { env, invocation, out } = context
  const report = createReport(out, options)
  await interruptible(context, async (signal) => {
    const { config, soundEnv, list, findings } = await readSettings(env)
    for (const finding of findings) report.add('settings', finding)
    const { api } = options
    const subject = await openSubject({ config, env: soundEnv, ...list, api, invocation, signal })
    await examineGroups(subject, report, options).finally(() => subject.close())
  })
  return report.end()
}

async function examineGroups(opened: Subject, report: Report, options: DoctorOptions): Promise<void> {
  const { run, file } = options
  const last: typeof GROUPS =
    run === undefined ? [] : [['probe', (subject) => checkProbeRun(subject, { name: run, file })]]
  let subject = opened
  let hasMinio = true
  for (const [name, check] of [...GROUPS, ...last]) {
    if ((OF_MINIO.includes(name) && !hasMinio) || (check === checkProbeUpload && !options.probe)) continue
    for await (const finding of guarded(name, () => check(subject))) {
      if (subject.signal.aborted) throw new InterruptedError('interrupted before everything was checked')
      report.add(name, finding)
      if (name !== 'minio' || finding.status !== 'fail') continue
      if (finding.check === 'server') hasMinio = false
      // Reported once; checks that need it are then skipped.
      if (finding.check === 'root account') subject = { ...subject, root: undefined }
    }
  }
}

export interface SettingsReading {
  /** Settings that are wrong have their default. */
  readonly config: Config
  /** The environment without the settings that are wrong. */
  readonly soundEnv: Environment
  /** Empty when the list cannot be loaded. */
  readonly list: FunctionList
  readonly findings: readonly Finding[]
}

async function readSettings(env: Environment): Promise<SettingsReading> {
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
        : ofFunctions.map((issue) => fail('functions', issue, remedyOf(issue, config)))),
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

/** A wrong name in a setting is a matter of the setting; anything else, of the list. */
function remedyOf(
  issue: string,
  { functionsFile = 'functions/index.ts' }: SettingsReading['config'],
): string {
  const [setting] = /^SLUICE_[A-Z_]+(?=[:,])/.exec(issue) ?? []
  return setting === undefined ? `$EDITOR ${functionsFile}` : `unset ${setting}`
}

/** Without the setting its default is used; the issue says what would be valid. */
function toFinding(issue: string): Finding {
  const names = /^[A-Z][A-Z_]+(?=[ :,])/.exec(issue)
  return names ? fail('environment', issue, `unset ${names[0]}`) : fail('environment', issue)
}
