/** One child of the supervisor, from its start to its end. @module */
import { once } from 'node:events'
import type { Config } from '../settings/config.ts'
import { messageOf } from '../errors.ts'
import { CLOSING_MS, createClosers, within } from './lifecycle.ts'
import { createLogger } from '../telemetry/logger.ts'
import type { ChildKind } from './messages.ts'
import { loadFunctions } from '../function/list.ts'
import { createParts } from './parts.ts'

/** It begins with the message, which may be of any length. */
const STACK_CHARS = 8_192

export interface ChildOptions {
  readonly kind: ChildKind
  readonly config: Config
  readonly signals: NodeJS.EventEmitter
}

/**
 * Resolves when the child has drained and closed everything. A function may have left a timer or a socket, so the caller
 * ends the process, whatever becomes of this.
 *
 * @throws {ConfigError} when it cannot start and never will; any other error when another start may help
 */
export async function runChild({ kind, config, signals }: ChildOptions): Promise<void> {
  const role =
    kind === 'serve' ? config.roles.filter((name) => name !== 'worker').join('+') || 'health' : 'worker'
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    base: { role, pid: process.pid },
  })
  const closers = createClosers()
  let drain = () => Promise.resolve()
  const end = async () => {
    try {
      await drain()
    } finally {
      await closers.closeAll(log)
    }
  }
  try {
    const list = await loadFunctions(config)
    const asked = new AbortController()
    const ask = () => asked.abort()
    signals.on('SIGTERM', ask)
    // A terminal's Ctrl-C reaches every process of the group; only the supervisor acts on it.
    signals.on('SIGINT', () => undefined)
    signals.on('unhandledRejection', (error) =>
      log.error(
        {
          error: messageOf(error),
          stack: error instanceof Error ? error.stack?.slice(0, STACK_CHARS) : undefined,
        },
        'a promise failed and nobody looked',
      ),
    )
    const parts = createParts(kind, config, list, log, closers)
    // Each loads only its own modules.
    drain = await (kind === 'serve'
      ? (await import('./serve.ts')).serve(parts, closers, ask)
      : (await import('./work.ts')).work(parts, closers, ask))
    const served = parts.functions.map(({ name }) => name)
    const isAll = kind === 'serve' || config.functionNames.length === 0
    log.info({ functions: isAll ? served : config.functionNames }, 'started')
    if (!asked.signal.aborted) await once(asked.signal, 'abort')
  } finally {
    // The supervisor would kill what does not end; but it may be gone, and then nobody else does.
    const limitMs = config.drainMs + CLOSING_MS
    await within(limitMs, end(), `the ${role} process did not end within ${limitMs} ms: it ends undrained`)
  }
}
