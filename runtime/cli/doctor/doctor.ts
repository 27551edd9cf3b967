/** `sluice doctor`: looks for all that would go wrong without a word, and says what repairs it. @module */
import {
  BadNewsError,
  examples,
  InterruptedError,
  UsageError,
  type CliCommand,
  type CliContext,
} from '../command.ts'
import { countText } from '../amounts.ts'
import { checkAccounts } from './accounts.ts'
import { checkCanary } from './canary.ts'
import { checkRun } from './canary-run.ts'
import { checkClocks } from './clocks.ts'
import { guarded, type Findings } from './finding.ts'
import { checkMachine } from './machine.ts'
import { checkMinio } from './minio.ts'
import { checkNotifications } from './notifications.ts'
import { openPatient, type Patient } from './patient.ts'
import { checkRedis } from './redis.ts'
import { createReport, type Report } from './report.ts'
import { checkRuntime } from './runtime.ts'
import { readSettings } from './settings.ts'
import { checkTargets } from './targets.ts'

interface DoctorOptions {
  readonly api?: string
  readonly json?: boolean
  readonly canary: boolean
  readonly run?: string
  readonly file?: string
}

/** In the order in which one fault explains the next. */
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

export const doctor: CliCommand = (program, context) => {
  program
    .command('doctor')
    .description(
      'check everything that goes wrong silently: settings, Redis, MinIO, notifications, tools, the runtime; and send an empty canary the whole way. Root’s account shows the most',
    )
    .option(
      '--api <url>',
      'address of the runtime (default: SLUICE_API_URL, else this machine’s SLUICE_API_PORT)',
    )
    .option('--no-canary', 'upload nothing')
    .option('--run <function>', 'also a real run: a small file goes in, and is removed with its results')
    .option('--file <path>', 'the file for --run (default: a second of a tone, as WAV)')
    .option('--json', 'one JSON document')
    .addHelpText('after', examples('doctor', 'doctor --run chunk', 'doctor --no-canary --json'))
    .action(async (options: DoctorOptions) => {
      if (options.file !== undefined && options.run === undefined)
        throw new UsageError('--file is for --run: name the function')
      const failed = await examine(context, options)
      if (failed > 0) throw new BadNewsError(`${countText(failed, 'check')} failed`)
    })
}

async function examine(context: CliContext, options: DoctorOptions): Promise<number> {
  const { env, invocation, signals, out } = context
  const stopping = new AbortController()
  const onInterrupt = () => stopping.abort()
  signals.on('SIGINT', onInterrupt)
  const report = createReport(out, options)
  const { config, functions, findings } = await readSettings(env)
  for (const finding of findings) report.add('settings', finding)
  const { signal } = stopping
  const patient = await openPatient({ config, env, functions, api: options.api, invocation, signal })
  try {
    await examineGroups(patient, report, options)
  } finally {
    patient.close()
    signals.off('SIGINT', onInterrupt)
  }
  return report.end()
}

async function examineGroups(patient: Patient, report: Report, options: DoctorOptions): Promise<void> {
  const { run, file } = options
  const last: typeof GROUPS =
    run === undefined ? [] : [['canary', () => checkRun(patient, { name: run, file })]]
  let hasMinio = true
  for (const [name, check] of [...GROUPS, ...last]) {
    const isUpload = check === checkCanary
    if ((OF_MINIO.includes(name) && !hasMinio) || (isUpload && !options.canary)) continue
    for await (const finding of guarded(name, () => check(patient))) {
      if (patient.signal.aborted) throw new InterruptedError('ended before all was checked')
      report.add(name, finding)
      if (name === 'minio' && finding.check === 'server' && finding.status === 'fail') hasMinio = false
    }
  }
}
