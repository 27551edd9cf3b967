/**
 * Folders for attempts: `<scratch>/<worker process>/<attempt>`. Each is removed when its attempt ends, whatever way;
 * the supervisor removes a dead process's folder whole. A folder that a process owns says so in a file, so that others can
 * tell whether it is still needed.
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
  /** When the process began, in the system's words: another process with this pid began at another time. */
  readonly startedAt: string
}

/** The folder of a worker process: it names the process, so that it can be removed when that is gone. */
export function scratchOf(scratchDir: string, pid: number): string {
  return join(scratchDir, `worker-${pid}`)
}

/** Makes the folder this process's own. */
export async function ownFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const owner: Owner = {
    hostname: hostname(),
    pid: process.pid,
    startedAt: (await startOf(process.pid)) ?? '',
  }
  await writeFile(join(path, OWNER_FILE), JSON.stringify(owner))
}

/** Of a folder without an owner, or with one on another host, nobody here can tell: `unknown`. */
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

/** When a process began; undefined when there is none. */
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

/** Runs `use` with the way to a new folder that only this user can read, made for whoever asks for it: many do without. */
export async function withScratch<T>(parent: string, use: (folder: () => string) => Promise<T>): Promise<T> {
  let path: string | undefined
  let isOver = false
  try {
    return await use(() => {
      // A handler that was left behind must leave nothing that nobody removes.
      if (isOver && path === undefined) throw new Error('its attempt has ended')
      return (path ??= makeFolder(parent))
    })
  } finally {
    isOver = true
    if (path !== undefined) await removeFolder(path)
  }
}

// At once, not by the thread pool: a folder takes less time than the way there and back.
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

/** Most are empty by then: what was sent is removed from them. */
async function removeFolder(path: string): Promise<void> {
  try {
    rmdirSync(path)
  } catch {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  }
}
