/** Installs programs with the system's package manager. @module */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { PATIENCE_MS } from '../patience.ts'
import { runQuietly } from './child-process.ts'
import type { Say } from '../terminal.ts'
import { findOnPath } from './programs.ts'

const run = promisify(execFile)

type Tool = 'apt-get' | 'dnf' | 'apk' | 'brew'

interface PackageManager {
  readonly tool: Tool
  readonly needsRoot: boolean
  /** Refreshes the list of packages; may fail in part (a dead third-party source) while the rest still works. */
  readonly refresh?: readonly string[]
  /** The verb of the command that installs a package. */
  readonly verb: string
  /** Options that keep it from asking; they are not shown to people. */
  readonly options: readonly string[]
}

const MANAGERS: readonly PackageManager[] = [
  {
    tool: 'apt-get',
    needsRoot: true,
    refresh: ['update', '-q'],
    verb: 'install',
    options: ['-q', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120'],
  },
  { tool: 'dnf', needsRoot: true, verb: 'install', options: ['-y'] },
  { tool: 'apk', needsRoot: true, verb: 'add', options: ['--no-cache'] },
  { tool: 'brew', needsRoot: false, verb: 'install', options: [] },
]

export interface SystemPackage {
  /** For people. */
  readonly title: string
  /** Its name in each package manager that has it. */
  readonly names: Readonly<Partial<Record<Tool, string>>>
  /** The service that apt-get's package starts by itself. */
  readonly service?: string
}

export const REDIS: SystemPackage = {
  title: 'Redis',
  names: { 'apt-get': 'redis-server', dnf: 'redis', apk: 'redis', brew: 'redis' },
  service: 'redis-server',
}

export interface Installer {
  /** The command for a person to run. */
  readonly line: string
  /** Undefined if it would ask for a password. */
  readonly install: ((progress: Say) => Promise<void>) | undefined
}

/** Undefined if no package manager has it. */
export async function findInstaller(wanted: SystemPackage): Promise<Installer | undefined> {
  for (const manager of MANAGERS) {
    const name = wanted.names[manager.tool]
    if (!name || !(await findOnPath(manager.tool))) continue
    const sudo = manager.needsRoot && process.getuid?.() !== 0 ? ['sudo', '-n'] : []
    const line = `${sudo[0] ?? ''} ${manager.tool} ${manager.verb} ${name}`.trim()
    const isAllowed = sudo.length === 0 || (await isSudoFree())
    const found: Found = { ...wanted, name, manager, sudo }
    return { line, install: isAllowed ? (progress) => install(found, progress) : undefined }
  }
  return undefined
}

interface Found extends SystemPackage {
  readonly name: string
  readonly manager: PackageManager
  readonly sudo: readonly string[]
}

function isSudoFree(): Promise<boolean> {
  return run('sudo', ['-n', 'true']).then(
    () => true,
    () => false,
  )
}

async function install({ title, name, service, manager, sudo }: Found, progress: Say): Promise<void> {
  // sudo drops the environment, so the setting travels on the command line.
  const asRoot = (...line: string[]): [string, ...string[]] => [
    ...(sudo as [string, ...string[]]),
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    ...line,
  ]
  const quiet = { env: process.env, progress }
  if (manager.refresh) {
    const what = `Refreshing the package list (${manager.tool} update)`
    await runQuietly({ ...quiet, line: asRoot(manager.tool, ...manager.refresh), what }).catch(
      (error: Error) => progress(error.message),
    )
  }
  const what = `Installing ${title} (${manager.tool})`
  await runQuietly({ ...quiet, line: asRoot(manager.tool, manager.verb, ...manager.options, name), what })
  if (service && manager.tool === 'apt-get') await stopService(service, sudo)
}

/** The package's own Redis would occupy port 6379 and start with the machine; the local stack needs only the program. */
async function stopService(service: string, sudo: readonly string[]): Promise<void> {
  const line = existsSync('/run/systemd/system')
    ? ['systemctl', 'disable', '--now', service]
    : existsSync(`/etc/init.d/${service}`)
      ? [`/etc/init.d/${service}`, 'stop']
      : undefined
  if (!line) return
  const [command, ...args] = [...sudo, ...line] as [string, ...string[]]
  // Without a running service (in containers) stopping it fails, which is harmless.
  await run(command, args, { timeout: PATIENCE_MS }).catch(() => undefined)
}
