/**
 * Folders for attempts: `<scratch>/<worker process>/<attempt>`. Each is removed when its attempt ends, in whatever way;
 * the supervisor removes the whole folder of a dead process. A process records its ownership in a file, so that others can
 * tell whether the folder is still needed.
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const OWNER_FILE = 'owner.json'

interface Owner {
  readonly hostname: string
  readonly pid: number
  /** The start time of the process, as the system writes it: another process with this pid has another one. */
  readonly startedAt: string
}

/** The folder of a worker process, named after it so that it can be removed when the process is gone. */
export function scratchOf(scratchDir: string, pid: number): string {
  return join(scratchDir, `worker-${pid}`)
}

/** Creates the folder and records this process as its owner. */
export async function ownFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const owner: Owner = {
    hostname: hostname(),
    pid: process.pid,
    startedAt: (await startOf(process.pid)) ?? '',
  }
  await writeFile(join(path, OWNER_FILE), JSON.stringify(owner))
}

/** Whether the folder's owner is alive; `unknown` without an owner, or with one on another host. */
export async function ownerOf(path: string): Promise<'alive' | 'dead' | 'unknown'> {
  const text = await readFile(join(path, OWNER_FILE), 'utf8').catch(() => undefined)
  try {
    const owner = JSON.parse(text ?? '') as Owner
    if (owner.hostname !== hostname()) return 'unknown'
    return (await startOf(owner.pid)) === owner.startedAt ? 'alive' : 'dead'
  } catch {
    return 'unknown'
  }
}

/** The start time of a process; undefined when there is none. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      // Field 22, in ticks since boot; the program's name, field 2, may have blanks and brackets in it.
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
      return `${ticks}@${(await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()}`
    } catch {
      return undefined
    }
  }
  const args = ['-o', 'lstart=', '-p', String(pid)]
  const { stdout } = await promisify(execFile)('ps', args).catch(() => ({ stdout: '' }))
  return stdout.trim() || undefined
}

/** Calls `use` with a function that creates a private folder on first use; most handlers never need one. */
export async function withScratch<T>(parent: string, use: (folder: () => string) => Promise<T>): Promise<T> {
  let path: string | undefined
  let isOver = false
  try {
    return await use(() => {
      // An abandoned handler must not create a folder that nobody removes.
      if (isOver && path === undefined) throw new Error('its attempt has ended')
      return (path ??= makeFolder(parent))
    })
  } finally {
    isOver = true
    if (path !== undefined) await removeFolder(path)
  }
}

// Synchronously: creating a folder takes less time than a round trip through the thread pool.
function makeFolder(parent: string): string {
  const prefix = join(parent, 'attempt-')
  try {
    return mkdtempSync(prefix)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    mkdirSync(parent, { recursive: true, mode: 0o700 })
    return mkdtempSync(prefix)
  }
}

/** Most are empty by then, since files are removed once they are sent. */
async function removeFolder(path: string): Promise<void> {
  try {
    rmdirSync(path)
  } catch {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  }
}
