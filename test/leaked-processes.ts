/**
 * Processes that tests have left behind. They are known by the temporary folder of the run: it is in their environment
 * (TMPDIR), or, for servers, which inherit nothing, on their command line.
 * @module
 */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

export interface LeakedProcess {
  readonly pid: number
  readonly commandLine: string
}

export async function findLeaked(tempDir: string): Promise<LeakedProcess[]> {
  const names = await readdir('/proc').catch(() => undefined)
  const found = names ? await findInProc(names, tempDir) : await findByPs(tempDir)
  return found.filter(({ pid }) => pid !== process.pid)
}

async function findInProc(names: readonly string[], tempDir: string): Promise<LeakedProcess[]> {
  const found: LeakedProcess[] = []
  for (const pid of names.filter((name) => /^\d+$/.test(name)).map(Number)) {
    // Other people's processes are not readable, and are not ours; nor are those that just ended.
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
    const commandLine = (await read('cmdline')).replaceAll('\0', ' ').trim()
    // Without a command line it is a dead one that its parent has not looked after yet.
    if (!commandLine) continue
    if (commandLine.includes(tempDir) || (await read('environ')).includes(tempDir))
      found.push({ pid, commandLine })
  }
  return found
}

/** Where there is no /proc (macOS): with -E the environment follows the command line. */
async function findByPs(tempDir: string): Promise<LeakedProcess[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-E', '-ww', '-o', 'pid=,command='])
  return stdout
    .split('\n')
    .filter((line) => line.includes(tempDir))
    .map((line) => ({ pid: Number.parseInt(line, 10), commandLine: line.trim().slice(0, 200) }))
}
