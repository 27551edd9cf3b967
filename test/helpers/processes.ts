/** Which processes work in a folder: how tests see that no child was left. Linux only; elsewhere it finds none. @module */
import { readdir, readFile, readlink } from 'node:fs/promises'

export interface FoundProcess {
  readonly pid: number
  /** `R` running, `S` sleeping, `T` stopped, … */
  readonly state: string
}

export async function processesIn(folder: string): Promise<readonly FoundProcess[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map((pid) => look(pid, folder)))
  return found.filter((process) => process !== undefined)
}

async function look(pid: string, folder: string): Promise<FoundProcess | undefined> {
  try {
    if ((await readlink(`/proc/${pid}/cwd`)) !== folder) return undefined
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return { pid: Number(pid), state: stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) }
  } catch {
    // It ended while we looked.
    return undefined
  }
}
