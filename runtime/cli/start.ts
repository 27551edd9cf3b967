/** `sluice start` and `sluice worker`: checks everything that can be checked without a connection, then supervises. @module */
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { ConfigError } from '../errors.ts'
import { createLogger } from '../logger.ts'
import { loadFunctions } from '../process/load-functions.ts'
import type { ChildKind } from '../process/messages.ts'
import { createSupervisor } from '../process/supervisor.ts'
import { SECOND_MS } from '../time.ts'

/** After the drain: time to settle and close. */
const CLOSING_MS = 10 * SECOND_MS

export interface StartOptions {
  readonly config: Config
  /** The module that children start with. */
  readonly entry: URL
  /** Where signals come from: the process. */
  readonly signals: NodeJS.EventEmitter
}

/** Runs until SIGTERM or SIGINT, then drains; a second one ends everything at once. */
export async function runStart({ config, entry, signals }: StartOptions): Promise<void> {
  if (!config.runtimeCredentials) {
    throw new ConfigError([
      'MINIO_ACCESS_KEY and MINIO_SECRET_KEY: the account of the runtime, which `sluice setup` makes',
    ])
  }
  await loadFunctions(config)
  const log = createLogger({ level: config.logLevel, format: config.logFormat, base: { role: 'supervisor' } })
  const workers = config.roles.includes('worker') ? config.workers : 0
  const children: ChildKind[] = ['serve', ...Array.from({ length: workers }, () => 'work' as const)]
  const supervisor = createSupervisor({
    entryPath: fileURLToPath(entry),
    children,
    scratchDir: config.scratchDir,
    graceMs: config.drainMs + CLOSING_MS,
    log,
  })
  let isStopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    signals.on(signal, () => {
      log.info(
        { signal },
        isStopping ? 'ending at once' : 'draining: a second signal ends everything at once',
      )
      if (isStopping) supervisor.kill()
      else supervisor.stop()
      isStopping = true
    })
  }
  await supervisor.run()
  log.info('stopped')
}
