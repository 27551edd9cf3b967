/**
 * One session of the local stack: programs, accounts, servers, their use, and their shutdown on every path, also when Ctrl-C, SIGTERM,
 * a closed terminal or the death of the parent ends it.
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, messageOf } from '../../../runtime/errors.ts'
import { SECOND_MS, sleep } from '../../../runtime/time.ts'
import type { Prepared } from './check-settings.ts'
import { loadCredentials, preferGiven } from '../settings/credentials.ts'
import { ensurePrograms } from '../programs/ensure-programs.ts'
import { createMc, type Mc } from '../programs/mc.ts'
import type { Say } from '../terminal.ts'
import type { Server } from '../servers/server.ts'
import type { LocalSettings } from '../settings/settings.ts'
import { createStack, type Stack } from './stack.ts'

export interface SessionOptions {
  readonly dataDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly progress: Say
  /** Reads the settings, and makes all checks before anything starts. */
  readonly prepare: () => Promise<Prepared>
  /** Called when a server has a new pid. */
  readonly onStart?: (stack: Stack) => void
  readonly onDeath: (server: Server, how: string) => void
  /** The purpose of the stack; the session ends when it is done. */
  readonly use: (session: Session) => Promise<void>
  /** Called before anything is stopped. */
  readonly onEnd?: () => void
  /** Called when everything is stopped. */
  readonly cleanUp: () => Promise<void>
}

export interface Session extends Prepared {
  readonly stack: Stack
  /** With the alias `sluice` for the uploader's account. */
  readonly mc: Mc
  /** Aborted on a request to end, or after a failure. */
  readonly signal: AbortSignal
}

const SETTLE_LIMIT_MS = 10 * SECOND_MS

export interface SessionEnd {
  /** The cause of the request to end, in words; undefined if `use` was done or failed. */
  readonly cause: string | undefined
  /** The error, if it failed. */
  readonly failure?: unknown
  /** 0 done or ended on request, 1 failed, 2 invalid settings. */
  readonly exitCode: 0 | 1 | 2
}

export async function runSession(options: SessionOptions): Promise<SessionEnd> {
  // Files of this process and its children are readable only by their owner.
  process.umask(0o077)
  let stack: Stack | undefined
  const ending = listenForEnding(() => {
    for (const server of [stack?.runtime, stack?.minio, stack?.redis]) server?.kill('SIGKILL')
    process.exit(1)
  })
  const over = new AbortController()
  const signal = AbortSignal.any([ending.signal, over.signal])
  const work = async () => {
    const session = await open(options, signal, (created) => (stack = created))
    await options.use(session)
    return undefined
  }
  const working = work()
  try {
    // After a request to end nobody else awaits it, and its failure is only a consequence.
    working.catch(() => undefined)
    const cause = await Promise.race([working, ending.asked])
    if (cause)
      options.progress(
        `Stopping (${cause}): runs in progress get time to finish; a second Ctrl-C\nends them at once …`,
      )
    return { cause, exitCode: 0 }
  } catch (error) {
    const isConfig = error instanceof ConfigError
    options.progress(isConfig ? `Invalid settings:\n${indented(error.issues)}` : messageOf(error))
    return { cause: undefined, failure: error, exitCode: isConfig ? 2 : 1 }
  } finally {
    over.abort()
    options.onEnd?.()
    await stack?.stop()
    // Unfinished work must not write into a folder that is being removed.
    await Promise.race([working.catch(() => undefined), sleep(SETTLE_LIMIT_MS)])
    await options.cleanUp()
    ending.dispose()
  }
}

async function open(
  options: SessionOptions,
  signal: AbortSignal,
  onCreated: (stack: Stack) => void,
): Promise<Session> {
  const { dataDir, progress } = options
  const prepared = await options.prepare()
  const { settings } = prepared
  const programs = await ensurePrograms(neededPrograms(settings), progress, signal)
  const kept = await loadCredentials(join(dataDir, 'credentials.json'))
  const credentials = preferGiven(kept, settings.config)
  signal.throwIfAborted()
  const stack: Stack = createStack({
    ...options,
    settings,
    credentials,
    programs,
    onStart: () => options.onStart?.(stack),
  })
  onCreated(stack)
  await stack.start()
  const mc = createMc(programs.mc, join(dataDir, 'mc'))
  await mc.setAlias('sluice', stack.minioEndpoint, credentials.uploader)
  // For operations that the uploader may not perform: removing results, MinIO's own settings.
  await mc.setAlias('root', stack.minioEndpoint, credentials.root)
  return { ...prepared, stack, mc, signal }
}

/** A given server does not need its program. */
function neededPrograms(settings: LocalSettings) {
  return [
    'mc' as const,
    ...(settings.redisUrl ? [] : ['redis-server' as const]),
    ...(settings.minioEndpoint ? [] : ['minio' as const]),
  ]
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n')
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const PARENT_POLL_MS = SECOND_MS

export interface Ending {
  /** Aborted on the first request; its reason is the cause, in words. */
  readonly signal: AbortSignal
  /** Resolves at the same time; never rejects. */
  readonly asked: Promise<string>
  /** Stops listening. */
  dispose(): void
}

/**
 * npm runs a shell that runs this process, and may die without forwarding a signal: the shell then remains, with another
 * parent. On a system without /proc (macOS) the shell replaces itself with this process, and the first number is enough.
 */
function parentsOf(): string {
  const { ppid } = process
  try {
    // Shape: `1807 (sh) S 1783 …`; the name may hold spaces and brackets.
    const stat = readFileSync(`/proc/${ppid}/stat`, 'utf8')
    return `${ppid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`
  } catch {
    return String(ppid)
  }
}

/** @param onImpatience - called on the second request */
function listenForEnding(onImpatience: () => void): Ending {
  const controller = new AbortController()
  const end = (cause: string) => {
    if (controller.signal.aborted) onImpatience()
    else controller.abort(cause)
  }
  for (const name of SIGNALS) process.on(name, end)
  const parents = parentsOf()
  const watch = () => {
    if (parentsOf() !== parents && !controller.signal.aborted) end('npm is gone')
  }
  // Without npm the parent may exit normally: a shell that started this in the background.
  const polling = process.env['npm_lifecycle_event'] ? setInterval(watch, PARENT_POLL_MS) : undefined
  return {
    signal: controller.signal,
    asked: new Promise((resolve) => {
      controller.signal.addEventListener('abort', () => resolve(String(controller.signal.reason)))
    }),
    dispose: () => {
      clearInterval(polling)
      for (const name of SIGNALS) process.off(name, end)
    },
  }
}
