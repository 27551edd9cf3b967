/**
 * Records which processes belong to a data folder, so that a second start neither runs beside the first nor fails because of
 * servers that a killed one left behind.
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { MINUTE_MS, sleep } from '../../../runtime/time.ts'
import type { Say } from '../terminal.ts'
import { PRIVATE_DIR } from '../settings/data-dir.ts'

const run = promisify(execFile)
/** A runtime drains for half a minute by default. */
const STOP_LIMIT_MS = 2 * MINUTE_MS

/** `mark` is a part of the command line that no other process has, such as a path below the data folder. */
const recorded = z.object({ name: z.string(), pid: z.number().int().positive(), mark: z.string() })
const schema = z.object({ start: recorded, servers: z.array(recorded) })
export type RecordedProcess = z.output<typeof recorded>

/** Another start is running in this folder. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError'
}

export interface Claim {
  /** Records the running servers; call it again whenever a pid changes. */
  record(servers: readonly RecordedProcess[]): void
  release(): Promise<void>
}

/**
 * Claims `dataDir` for this process, and stops servers that an earlier start left behind.
 *
 * @throws {AlreadyRunningError} when another start runs there
 */
export async function claimFolder(dataDir: string, startMark: string, progress: Say): Promise<Claim> {
  const path = join(dataDir, 'running.json')
  const earlier = await readRecord(path)
  if (earlier && earlier.start.pid !== process.pid && (await isAlive(earlier.start))) {
    throw new AlreadyRunningError(
      `A start is already running in this folder (pid ${earlier.start.pid}). Stop it with Ctrl-C in its terminal, or: kill ${earlier.start.pid}`,
    )
  }
  // The runtime first, as in an orderly shutdown.
  for (const stale of (earlier?.servers ?? []).toReversed()) await stopStale(stale, progress)
  const start = { name: 'start', pid: process.pid, mark: startMark }
  const record = (servers: readonly RecordedProcess[]) => {
    mkdirSync(dataDir, { recursive: true, mode: PRIVATE_DIR })
    const draft = `${path}.${process.pid}`
    writeFileSync(draft, JSON.stringify({ start, servers }), { mode: 0o600 })
    renameSync(draft, path)
  }
  record([])
  return { record, release: () => rm(path, { force: true }) }
}

/** The pid of the start that is running in `dataDir`; undefined if there is none. */
export async function runningStart(dataDir: string): Promise<number | undefined> {
  const record = await readRecord(join(dataDir, 'running.json'))
  return record && (await isAlive(record.start)) ? record.start.pid : undefined
}

async function readRecord(path: string): Promise<z.output<typeof schema> | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    // The record is missing, or torn because the machine stopped: then none of its processes is running.
    return undefined
  }
}

async function stopStale(stale: RecordedProcess, progress: Say): Promise<void> {
  if (!(await isAlive(stale))) return
  progress(`Stopping ${stale.name} (pid ${stale.pid}), which an earlier start left behind`)
  signal(stale.pid, 'SIGTERM')
  const deadlineMs = performance.now() + STOP_LIMIT_MS
  while (await isAlive(stale)) {
    if (performance.now() > deadlineMs) signal(stale.pid, 'SIGKILL')
    await sleep(100)
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Whether that very process is running: its pid alone may belong to another process by now. */
async function isAlive({ pid, mark }: RecordedProcess): Promise<boolean> {
  return (await commandLineOf(pid))?.includes(mark) ?? false
}

async function commandLineOf(pid: number): Promise<string | undefined> {
  const fromProc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  if (fromProc !== undefined) return fromProc.replaceAll('\0', ' ')
  // No /proc: macOS.
  return run('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => undefined,
  )
}
