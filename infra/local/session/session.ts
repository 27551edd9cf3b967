/** One life of the local stack: programs, accounts, servers, whatever is done with them, and their end on every path. @module */
import { join } from 'node:path'
import { ConfigError, messageOf } from '../../../runtime/errors.ts'
import { SECOND_MS, sleep } from '../../../runtime/time.ts'
import type { Prepared } from './check-settings.ts'
import { loadCredentials, preferGiven } from '../settings/credentials.ts'
import { listenForEnding } from './ending.ts'
import { ensurePrograms } from '../programs/ensure-programs.ts'
import { createMc, type Mc } from '../programs/mc.ts'
import type { Say } from '../terminal.ts'
import type { Server } from '../servers/server.ts'
import type { LocalSettings } from '../settings/settings.ts'
import { createStack, type Stack } from './stack.ts'

export interface SessionOptions {
  /** The project's. */
  readonly rootDir: string
  readonly dataDir: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly progress: Say
  /** The settings, and whatever must be right before anything starts. */
  readonly prepare: () => Promise<Prepared>
  /** A server has a new pid. */
  readonly onStart?: (stack: Stack) => void
  readonly onDeath: (server: Server, how: string) => void
  /** What the stack was started for; the session ends when it is done. */
  readonly use: (session: Session) => Promise<void>
  /** Before anything is stopped. */
  readonly onEnd?: () => void
  /** When everything is stopped. */
  readonly cleanUp: () => Promise<void>
}

export interface Session extends Prepared {
  readonly stack: Stack
  /** With the alias `sluice`, by the uploader's account. */
  readonly mc: Mc
  /** Aborted when somebody asks for the end, or something failed. */
  readonly signal: AbortSignal
}

const SETTLE_LIMIT_MS = 10 * SECOND_MS

export interface SessionEnd {
  /** What asked for the end, in words; undefined when `use` was done or failed. */
  readonly cause: string | undefined
  /** Why it failed. */
  readonly failure?: unknown
  /** 0 done or asked to end, 1 failed, 2 wrong settings. */
  readonly exitCode: 0 | 1 | 2
}

export async function runSession(options: SessionOptions): Promise<SessionEnd> {
  // Whatever this process or a child of it writes is its owner's alone.
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
    // When the end is asked for first, nobody else waits for it, and its failure is only the end's.
    working.catch(() => undefined)
    const cause = await Promise.race([working, ending.asked])
    if (cause)
      options.progress(
        `Stopping (${cause}): running work gets time to end; a second Ctrl-C ends\nit at once …`,
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
    // Whatever it was in the middle of must not write into a folder that is removed.
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
  // For what the uploader may not: removing results, MinIO's own settings.
  await mc.setAlias('root', stack.minioEndpoint, credentials.root)
  return { ...prepared, stack, mc, signal }
}

/** A server that is given need not be here. */
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
