/** Folders that a process owns: a file in each records the owner, so that others can tell whether it is still alive. @module */
import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const OWNER_FILE = 'owner.json'
const NOBODY = 0

interface Owner {
  readonly hostname: string
  readonly pid: number
  /** The start time of the process, as the system writes it: another process with this pid has another one. */
  readonly startedAt: string
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

/** Gives it up: another process, on another host too, may continue with the folder at once. */
export async function disownFolder(path: string): Promise<void> {
  const nobody: Owner = { hostname: hostname(), pid: NOBODY, startedAt: '' }
  await writeFile(join(path, OWNER_FILE), JSON.stringify(nobody))
}

/** Whether the folder's owner is alive; `unknown` without an owner, or with one on another host. */
export async function ownerOf(path: string): Promise<'alive' | 'dead' | 'unknown'> {
  const text = await readFile(join(path, OWNER_FILE), 'utf8').catch(() => undefined)
  try {
    const owner = JSON.parse(text ?? '') as Owner
    if (owner.pid === NOBODY) return 'dead'
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
