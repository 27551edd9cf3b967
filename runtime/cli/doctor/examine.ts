/** The examination: every group of checks, in the order in which one fault explains the next. @module */
import { InterruptedError, type CliContext } from '../command.ts'
import { checkAccounts } from './accounts.ts'
import { checkCanary } from './probe-run.ts'
import { checkRun } from './probe-object.ts'
import { checkClocks } from './clocks.ts'
import { guarded, type Findings } from './finding.ts'
import { checkMachine } from './machine.ts'
import { checkMinio } from './minio.ts'
import { checkNotifications } from './notifications.ts'
import { openPatient, type Patient } from './subject.ts'
import { checkRedis } from './redis.ts'
import { createReport, type Report } from './report.ts'
import { checkRuntime } from './runtime.ts'
import { readSettings } from './settings.ts'
import { checkTargets } from './targets.ts'

export interface DoctorOptions {
  readonly api?: string
  readonly json?: boolean
  readonly canary: boolean
  readonly run?: string
  readonly file?: string
}

const GROUPS: readonly (readonly [name: string, check: (patient: Patient) => Findings])[] = [
  ['machine', checkMachine],
  ['redis', checkRedis],
  ['minio', checkMinio],
  ['accounts', checkAccounts],
  ['notifications', checkNotifications],
  ['targets', checkTargets],
  ['clocks', checkClocks],
  ['runtime', checkRuntime],
  ['canary', checkCanary],
]
/** Without a store there is nothing to ask them about. */
const OF_MINIO = ['accounts', 'notifications', 'targets', 'canary']

/**
 * How many checks failed.
 *
 * @throws {InterruptedError} at Ctrl-C, when what was uploaded is removed
 */
export async function examine(context: CliContext, options: DoctorOptions): Promise<number> {
  const { env, invocation, signals, out } = context
  const stopping = new AbortController()
  const onInterrupt = () => stopping.abort()
  signals.on('SIGINT', onInterrupt)
  const report = createReport(out, options)
  try {
    const { config, soundEnv, list, findings } = await readSettings(env)
    for (const finding of findings) report.add('settings', finding)
    const { signal } = stopping
    const patient = await openPatient({
      config,
      env: soundEnv,
      ...list,
      api: options.api,
      invocation,
      signal,
    })
    await examineGroups(patient, report, options).finally(() => patient.close())
  } finally {
    signals.off('SIGINT', onInterrupt)
  }
  return report.end()
}

async function examineGroups(opened: Patient, report: Report, options: DoctorOptions): Promise<void> {
  const { run, file } = options
  const last: typeof GROUPS =
    run === undefined ? [] : [['canary', (patient) => checkRun(patient, { name: run, file })]]
  let patient = opened
  let hasMinio = true
  for (const [name, check] of [...GROUPS, ...last]) {
    if ((OF_MINIO.includes(name) && !hasMinio) || (check === checkCanary && !options.canary)) continue
    for await (const finding of guarded(name, () => check(patient))) {
      if (patient.signal.aborted) throw new InterruptedError('ended before all was checked')
      report.add(name, finding)
      if (name !== 'minio' || finding.status !== 'fail') continue
      if (finding.check === 'server') hasMinio = false
      // Said once; what needs it is then not checked.
      if (finding.check === 'root account') patient = { ...patient, root: undefined }
    }
  }
}
