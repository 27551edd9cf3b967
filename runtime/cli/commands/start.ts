/**
 * `sluice start`: the runtime of this machine; `sluice worker`: workers alone, on as many machines as there are. They check
 * everything that can be checked without a connection, then supervise
 * child processes, or with `--one-process` do without them.
 * @module
 */
import { CLOSING_MS } from '../../process/lifecycle.ts'
import { createLogger } from '../../telemetry/logger.ts'
import { loadSettings, type NeededAccount } from '../../process/load-settings.ts'
import type { Config } from '../../settings/config.ts'
import { receivesOnly } from '../../settings/values.ts'
import type { ChildKind } from '../../process/messages.ts'
import { openRuntimeScratch } from '../../process/runtime-scratch.ts'
import { concernMs } from '../../process/silence.ts'
import { createSupervisor } from '../../process/supervisor.ts'
import { SECOND_MS } from '../../time.ts'
import { examples, type CliCommand, type CliContext } from '../command.ts'

/** Children end by themselves after their drain and {@link CLOSING_MS}; one that is still there a moment later is killed. */
const KILL_AFTER_MS = CLOSING_MS + 2 * SECOND_MS

interface StartOptions {
  readonly oneProcess?: boolean
}

const ONE_PROCESS = [
  '--one-process',
  'do not start child processes: one worker, in this process. For containers that are restarted when they end',
] as const

export const start: CliCommand = (command, context) => {
  command
    .option(...ONE_PROCESS)
    .addHelpText('after', examples('start', 'start --one-process'))
    .action((options: StartOptions) => runStart(context, options))
}

export const worker: CliCommand = (command, context) => {
  command
    .option(
      '--functions <names>',
      'functions to serve, separated by commas (default: SLUICE_FUNCTIONS, otherwise all)',
    )
    .option(...ONE_PROCESS)
    .addHelpText('after', examples('worker --functions chunk'))
    .action(async ({ functions, ...options }: StartOptions & { functions?: string }) => {
      const chosen = functions === undefined ? {} : { SLUICE_FUNCTIONS: functions }
      await runStart({ ...context, env: { ...context.env, SLUICE_ROLES: 'worker', ...chosen } }, options)
    })
}

function accountsOf(config: Config): readonly NeededAccount[] {
  const runtime: NeededAccount = {
    names: ['MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'],
    description: 'the account of the runtime, which `sluice setup` creates',
  }
  const streams: NeededAccount = {
    names: ['MINIO_STREAMS_ACCESS_KEY', 'MINIO_STREAMS_SECRET_KEY'],
    description: 'the account of the role `streams`, which `sluice setup` creates',
  }
  return [
    ...(receivesOnly(config.roles) ? [] : [runtime]),
    ...(config.roles.includes('streams') ? [streams] : []),
  ]
}

/** In the order in which they start. */
function childrenOf(config: Config): readonly ChildKind[] {
  const { roles, workers } = config
  return [
    ...(receivesOnly(roles) ? [] : ['serve' as const]),
    ...(roles.includes('streams') ? ['receive' as const] : []),
    ...(roles.includes('worker') ? Array.from({ length: workers }, () => 'work' as const) : []),
  ]
}

/** Runs until SIGTERM or SIGINT, then drains; a second one ends everything at once. */
async function runStart(
  { env, entryPath, signals }: Pick<CliContext, 'env' | 'entryPath' | 'signals'>,
  { oneProcess = false }: StartOptions,
): Promise<void> {
  const { config } = await loadSettings(env, {
    accounts: accountsOf,
    tools: true,
  })
  if (oneProcess) {
    // A supervisor does without all that a worker loads.
    const { runOneProcess } = await import('../../process/one-process.ts')
    return runOneProcess({ config, signals })
  }
  const log = createLogger({ level: config.logLevel, format: config.logFormat, base: { role: 'supervisor' } })
  const scratch = await openRuntimeScratch(config.scratchDir, log)
  const supervisor = createSupervisor({
    entryPath,
    children: childrenOf(config),
    env: { ...env, SLUICE_SCRATCH_DIR: scratch.path },
    scratchDir: scratch.path,
    graceMs: config.drainMs + KILL_AFTER_MS,
    limits: { concernMs: concernMs(config.leaseMs) },
    log,
  })
  let isStopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    signals.on(signal, () => {
      log.info(
        { signal },
        isStopping ? 'stopping immediately' : 'draining: a second signal stops everything immediately',
      )
      if (isStopping) supervisor.kill()
      else supervisor.stop()
      isStopping = true
    })
  }
  try {
    await supervisor.run()
  } finally {
    await scratch.remove()
  }
  log.info('stopped')
}
