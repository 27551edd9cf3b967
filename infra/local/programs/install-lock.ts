/**
 * One installation at a time, across processes: a folder that exists during an installation. It contains the holder and
 * its progress.
 * @module
 */
import { rmSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { MINUTE_MS, SECOND_MS, sleep } from '../../../runtime/time.ts'
import { TELL_EVERY_MS } from '../patience.ts'
import type { Say } from '../terminal.ts'

const TOUCH_MS = 5 * SECOND_MS
/** A holder on this machine is dead if its process is gone and it has not touched its lock for this long. */
const GONE_MS = 3 * TOUCH_MS
/** For a holder whose process cannot be checked (in another container that shares the cache): a machine under load may be late. */
const STALE_MS = 3 * MINUTE_MS
const POLL_MS = SECOND_MS
const HOLDER_FILE = 'holder.json'
const STATE_FILE = 'state'

/** The locks that this process holds; they are also removed if it is ended during an installation. */
const held = new Set<string>()
let isListening = false

/**
 * Runs `work` alone. Lines that it passes to its `Say` are also shown to waiting processes. A dead holder is recognised by the
 * age of the folder, so the lock also works between containers that share a cache.
 */
export async function withInstallLock<T>(
  lockDir: string,
  progress: Say,
  work: (progress: Say) => Promise<T>,
): Promise<T> {
  await mkdir(dirname(lockDir), { recursive: true })
  await takeLock(lockDir, progress)
  const touching = setInterval(() => {
    const now = new Date()
    // If this process was stopped for long, another one may have taken the lock.
    utimes(lockDir, now, now).catch(() => clearInterval(touching))
  }, TOUCH_MS)
  releaseAtExit(lockDir)
  try {
    return await work((line) => {
      progress(line)
      // Only waiting processes read it: an error here must not stop the installation.
      writeFile(join(lockDir, STATE_FILE), line).catch(() => undefined)
    })
  } finally {
    held.delete(lockDir)
    clearInterval(touching)
    await rm(lockDir, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** One listener, however many locks a process takes. */
function releaseAtExit(lockDir: string): void {
  held.add(lockDir)
  if (isListening) return
  isListening = true
  process.once('exit', () => {
    for (const dir of held) rmSync(dir, { recursive: true, force: true })
  })
}

async function takeLock(lockDir: string, progress: Say): Promise<void> {
  const startedMs = performance.now()
  let toldMs = Number.NEGATIVE_INFINITY
  while (!(await tryLock(lockDir))) {
    if (performance.now() - toldMs >= TELL_EVERY_MS) {
      toldMs = performance.now()
      const seconds = Math.round((performance.now() - startedMs) / SECOND_MS)
      const state = (await readFile(join(lockDir, STATE_FILE), 'utf8').catch(() => '')).trim()
      progress(`Waiting for another process to install (${seconds} s so far): ${state || lockDir}`)
    }
    await sleep(POLL_MS)
  }
}

async function tryLock(lockDir: string): Promise<boolean> {
  try {
    await mkdir(lockDir)
    const holder: Holder = { hostname: hostname(), pid: process.pid }
    await writeFile(join(lockDir, HOLDER_FILE), JSON.stringify(holder))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = await stat(lockDir).catch(() => undefined)
  if (found && Date.now() - found.mtimeMs > ((await isHolderGone(lockDir)) ? GONE_MS : STALE_MS)) {
    // If several processes see the same stale lock, the rename succeeds for one of them.
    const aside = `${lockDir}.${process.pid}`
    await rename(lockDir, aside).catch(() => undefined)
    await rm(aside, { recursive: true, force: true })
  }
  return false
}

interface Holder {
  readonly hostname: string
  readonly pid: number
}

async function isHolderGone(lockDir: string): Promise<boolean> {
  try {
    const holder = JSON.parse(await readFile(join(lockDir, HOLDER_FILE), 'utf8')) as Holder
    if (holder.hostname !== hostname()) return false
    process.kill(holder.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
