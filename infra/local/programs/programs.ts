/** Finds the programs of the local stack on this machine, and checks their versions. @module */
import { execFile } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { PATIENCE_MS } from '../patience.ts'

const run = promisify(execFile)

export const PROGRAMS = ['redis-server', 'minio', 'mc'] as const
export type ProgramName = (typeof PROGRAMS)[number]

/** The folder for programs that are built once: `~/.cache/sluice/bin`. */
export function cacheBinDir(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice', 'bin')
}

export interface FoundProgram {
  readonly path: string | undefined
  /** Unsuitable programs of that name, each with the reason. */
  readonly unfit: readonly string[]
}

/** Searches PATH, then the project's cache; returns the first suitable program. */
export async function findProgram(name: ProgramName): Promise<FoundProgram> {
  const unfit: string[] = []
  for (const path of [...(await findAllOnPath(name)), ...(await findAllOnPath(name, cacheBinDir()))]) {
    const reason = await unfitReason(name, path)
    if (!reason) return { path, unfit }
    unfit.push(`${path}: ${reason}`)
  }
  return { path: undefined, unfit }
}

async function unfitReason(name: ProgramName, path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: PATIENCE_MS })
    return judgeVersion(name, stdout)
  } catch (error) {
    return `does not run (${(error as Error).message.trim()})`
  }
}

/** The queue's scripts need functions and flags of Redis 7; the first version of Valkey was 7.2. */
const MIN_REDIS = 7

const VERSION_LINE: Readonly<Record<ProgramName, RegExp>> = {
  'redis-server': /^(?:Redis|Valkey) server v=(?<major>\d+)\./,
  minio: /^minio version /,
  // Not `GNU Midnight Commander 4.8.29`, which has the same name.
  mc: /^mc version /,
}

/**
 * The reason why the program that printed this for `--version` is unsuitable; undefined if it is suitable.
 *
 * Shapes: `Redis server v=7.0.15 sha=…`, `minio version RELEASE.2025-…`, `mc version DEVELOPMENT.GOGET (…)`.
 */
export function judgeVersion(name: ProgramName, output: string): string | undefined {
  const firstLine = output.trim().split('\n')[0] ?? ''
  const match = VERSION_LINE[name].exec(firstLine)
  if (!match) return `is another program ("${firstLine}")`
  const major = match.groups?.['major']
  if (major && Number(major) < MIN_REDIS) {
    return `is too old ("${firstLine}"): version ${MIN_REDIS}.0 or later is needed`
  }
  return undefined
}

/** Every executable file of this name, in the order of the path. */
export async function findAllOnPath(name: string, path = process.env['PATH'] ?? ''): Promise<string[]> {
  const found: string[] = []
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const file = join(folder, name)
    if (await isExecutable(file)) found.push(file)
  }
  return found
}

export async function findOnPath(name: string, path?: string): Promise<string | undefined> {
  return (await findAllOnPath(name, path))[0]
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
