/**
 * The runtime of a container in a single process: it serves and works without child processes, and whatever started the
 * container starts it again when it ends. No supervisor kills a process whose event loop is blocked: a liveness probe on
 * `/healthz` has to.
 * @module
 */
import type { Config } from '../settings/config.ts'
import { messageOf } from '../errors.ts'
import { createLogger } from '../telemetry/logger.ts'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'
import { receivesOnly, type Role } from '../settings/values.ts'
import type { Connect } from './child.ts'
import { createParts } from './parts.ts'
import { runProcess } from './run-child.ts'
import { openRuntimeScratch } from './runtime-scratch.ts'
import { receive } from './receive.ts'
import { serve } from './serve.ts'
import { work } from './work.ts'

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

/** In the order in which they start. */
const KINDS = [
  { kind: 'serve', isWanted: (roles: readonly Role[]) => !receivesOnly(roles), begin: serve },
  { kind: 'receive', isWanted: (roles: readonly Role[]) => roles.includes('streams'), begin: receive },
  { kind: 'work', isWanted: (roles: readonly Role[]) => roles.includes('worker'), begin: work },
] as const

export interface OneProcessOptions {
  readonly config: Config
  readonly signals: NodeJS.EventEmitter
}

/** All parts have the same metrics, so there are no others to collect. */
const unsupervised: Connect = () => ({
  ready: () => undefined,
  collect: () => Promise.resolve([]),
  close: () => Promise.resolve(),
})

/**
 * Runs until SIGTERM or SIGINT, then drains; a second one ends it at once.
 *
 * @throws {ConfigError} when it cannot start and never will; any other error when another start may help
 */
export async function runOneProcess({ config, signals }: OneProcessOptions): Promise<void> {
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    base: { role: config.roles.join('+'), pid: process.pid },
  })
  const scratch = await openRuntimeScratch(config.scratchDir, log)
  const own = { ...config, scratchDir: scratch.path }
  let stops = 0
  const stoppedTwice = new Promise<void>((resolve) => {
    for (const signal of STOP_SIGNALS)
      signals.on(signal, () => {
        stops += 1
        log.info(
          { signal },
          stops > 1 ? 'stopping immediately' : 'draining: a second signal stops everything immediately',
        )
        if (stops > 1) resolve()
      })
  })
  const ran = runProcess({
    config: own,
    signals,
    stopSignals: STOP_SIGNALS,
    name: 'the process',
    log,
    async start(list, closers, end) {
      const drains: (() => Promise<void>)[] = []
      let metrics: RuntimeMetrics | undefined
      for (const { kind, isWanted, begin } of KINDS) {
        if (!isWanted(own.roles)) continue
        const parts = createParts(kind, own, list, log, closers, metrics)
        metrics = parts.metrics
        drains.push(await begin(parts, closers, end, unsupervised))
      }
      return async () => void (await Promise.all(drains.map((drain) => drain())))
    },
  }).catch((error: unknown) => {
    if (stops === 0) throw error
    log.error({ error: messageOf(error) }, 'did not end as it should')
  })
  try {
    await Promise.race([ran, stoppedTwice])
  } finally {
    await scratch.remove()
  }
  // Handlers that ignore their signal: only another process is rid of them.
  if (stops === 0) throw new Error('the process has to start again: the log has the reason')
  log.info('stopped')
}
