/** `redis-server` by the system's package manager. @module */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { runQuietly } from './run-quietly.ts'
import type { Say } from './say.ts'
import { findOnPath } from './search-path.ts'

const run = promisify(execFile)

interface PackageManager {
  readonly tool: string
  readonly needsRoot: boolean
  /** Refreshes the list of packages; may fail in part (a dead third-party source) while the rest still works. */
  readonly refresh?: readonly string[]
  /** The verb, with which a person would install it too. */
  readonly verb: string
  /** Only for us: they keep it from asking. */
  readonly options: readonly string[]
  readonly packageName: string
  /** The service that the package starts by itself. */
  readonly service?: string
}

const MANAGERS: readonly PackageManager[] = [
  {
    tool: 'apt-get',
    needsRoot: true,
    refresh: ['update', '-q'],
    verb: 'install',
    options: ['-q', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'],
    packageName: 'redis-server',
    service: 'redis-server',
  },
  { tool: 'dnf', needsRoot: true, verb: 'install', options: ['-y'], packageName: 'redis' },
  { tool: 'apk', needsRoot: true, verb: 'add', options: ['--no-cache'], packageName: 'redis' },
  { tool: 'brew', needsRoot: false, verb: 'install', options: [], packageName: 'redis' },
]

export interface RedisInstaller {
  /** What a person would type. */
  readonly line: string
  /** Undefined when it would ask for a password. */
  readonly install: ((progress: Say) => Promise<void>) | undefined
}

export async function findRedisInstaller(): Promise<RedisInstaller | undefined> {
  for (const manager of MANAGERS) {
    if (!(await findOnPath(manager.tool))) continue
    const sudo = manager.needsRoot && process.getuid?.() !== 0 ? ['sudo', '-n'] : []
    const line = `${sudo[0] ?? ''} ${manager.tool} ${manager.verb} ${manager.packageName}`.trim()
    const isAllowed = sudo.length === 0 || (await isSudoFree())
    return { line, install: isAllowed ? (progress) => install(manager, sudo, progress) : undefined }
  }
  return undefined
}

function isSudoFree(): Promise<boolean> {
  return run('sudo', ['-n', 'true']).then(
    () => true,
    () => false,
  )
}

async function install(manager: PackageManager, sudo: readonly string[], progress: Say): Promise<void> {
  // sudo drops the environment, so the setting travels on the command line.
  const asRoot = (...line: string[]): [string, ...string[]] => [
    ...(sudo as [string, ...string[]]),
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    ...line,
  ]
  const quiet = { env: process.env, usually: 'under a minute, once', progress }
  if (manager.refresh) {
    const what = `Refreshing the package list (${manager.tool} update)`
    await runQuietly({ ...quiet, line: asRoot(manager.tool, ...manager.refresh), what }).catch(
      (error: Error) => progress(error.message),
    )
  }
  const what = `Installing Redis (${manager.tool})`
  await runQuietly({
    ...quiet,
    line: asRoot(manager.tool, manager.verb, ...manager.options, manager.packageName),
    what,
  })
  if (manager.service) await stopService(manager.service, sudo)
}

/** The package's own Redis would hold port 6379 and start with the machine; ours needs only the program. */
async function stopService(service: string, sudo: readonly string[]): Promise<void> {
  const line = existsSync('/run/systemd/system')
    ? ['systemctl', 'disable', '--now', service]
    : existsSync(`/etc/init.d/${service}`)
      ? [`/etc/init.d/${service}`, 'stop']
      : undefined
  if (!line) return
  const [command, ...args] = [...sudo, ...line] as [string, ...string[]]
  // Where no service runs (containers), stopping it fails, and nothing is wrong.
  await run(command, args, { timeout: 30_000 }).catch(() => undefined)
}
