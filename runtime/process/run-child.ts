/** A process from its start to its end, and as a child of the supervisor. @module */
import { once } from 'node:events'
import type { Config } from '../settings/config.ts'
import { messageOf } from '../errors.ts'
import { CLOSING_MS, createClosers, within, type Closers } from './lifecycle.ts'
import { createLogger, type Logger } from '../telemetry/logger.ts'
import type { ChildKind } from './messages.ts'
import { loadFunctions, type FunctionList } from '../function/list.ts'
import { linkToSupervisor } from './child.ts'
import { createParts } from './parts.ts'

/** It starts with the message, which may be of any length. */
const STACK_CHARS = 8_192

export interface ProcessOptions {
  readonly config: Config
  readonly signals: NodeJS.EventEmitter
  readonly stopSignals: readonly NodeJS.Signals[]
  /** In messages, such as "the worker process". */
  readonly name: string
  readonly log: Logger
  /**
   * Resolves when the process works; the function that it returns drains it.
   *
   * @param end - asks for the end
   */
  readonly start: (list: FunctionList, closers: Closers, end: () => void) => Promise<() => Promise<void>>
}

/**
 * Resolves when the process was asked to end, has drained and has closed everything. A function may have left a timer or a
 * socket, so the caller ends the process, whatever becomes of this.
 *
 * @throws {ConfigError} when it cannot start and never will; any other error when another start may help
 */
export async function runProcess(options: ProcessOptions): Promise<void> {
  const { config, signals, name, log } = options
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
    for (const signal of options.stopSignals) signals.on(signal, ask)
    signals.on('unhandledRejection', (error) =>
      log.error(
        {
          error: messageOf(error),
          stack: error instanceof Error ? error.stack?.slice(0, STACK_CHARS) : undefined,
        },
        'unhandled promise rejection',
      ),
    )
    drain = await options.start(list, closers, ask)
    const { functionNames } = config
    const functions = functionNames.length > 0 ? functionNames : list.functions.map((each) => each.name)
    log.info({ functions }, 'started')
    if (!asked.signal.aborted) await once(asked.signal, 'abort')
  } finally {
    // A supervisor would kill a process that does not end; but it may be gone, or there is none.
    const limitMs = config.drainMs + CLOSING_MS
    await within(limitMs, end(), `${name} did not end within ${limitMs} ms: it ends undrained`)
  }
}

export interface ChildOptions extends Pick<ProcessOptions, 'config' | 'signals'> {
  readonly kind: ChildKind
}

export async function runChild({ kind, config, signals }: ChildOptions): Promise<void> {
  const role = roleOf(kind, config)
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    base: { role, pid: process.pid },
  })
  // A terminal's Ctrl-C reaches every process of the group; only the supervisor acts on it.
  signals.on('SIGINT', () => undefined)
  await runProcess({
    config: kind !== 'work' ? { ...config, functionNames: [] } : config,
    signals,
    stopSignals: ['SIGTERM'],
    name: `the ${role} process`,
    log,
    async start(list, closers, end) {
      const parts = createParts(kind, config, list, log, closers)
      // Each loads only its own modules.
      switch (kind) {
        case 'serve':
          return (await import('./serve.ts')).serve(parts, closers, end, linkToSupervisor)
        case 'work':
          return (await import('./work.ts')).work(parts, closers, end, linkToSupervisor)
        case 'receive':
          return (await import('./receive.ts')).receive(parts, closers, end, linkToSupervisor)
      }
    },
  })
}

/** In the log. */
function roleOf(kind: ChildKind, { roles }: Config): string {
  switch (kind) {
    case 'serve':
      return roles.filter((name) => name === 'api' || name === 'intake').join('+') || 'health'
    case 'work':
      return 'worker'
    case 'receive':
      return 'streams'
  }
}
