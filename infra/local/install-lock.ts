/** One installation at a time, across processes: a folder that exists while somebody installs. @module */
import { rmSync } from 'node:fs'
import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SECOND_MS, sleep } from '../../runtime/time.ts'
import type { Say } from './say.ts'

const TOUCH_MS = 5 * SECOND_MS
/** A holder that has not touched its lock for so long is dead: several times TOUCH_MS, for a machine under load. */
const STALE_MS = 40 * SECOND_MS
const POLL_MS = SECOND_MS

/** Runs `work` alone. The age of the folder tells a dead holder, so it also works between containers that share a cache. */
export async function withInstallLock<T>(lockDir: string, progress: Say, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(lockDir), { recursive: true })
  let isTold = false
  while (!(await tryLock(lockDir))) {
    if (!isTold) progress(`Another process is installing: waiting for it (${lockDir})`)
    isTold = true
    await sleep(POLL_MS)
  }
  const touching = setInterval(() => {
    const now = new Date()
    // A lock that was taken from us (this process was stopped for long) is not ours to touch.
    utimes(lockDir, now, now).catch(() => clearInterval(touching))
  }, TOUCH_MS)
  // Also when this process is told to end in the middle.
  const release = () => rmSync(lockDir, { recursive: true, force: true })
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    clearInterval(touching)
    await rm(lockDir, { recursive: true, force: true })
  }
}

async function tryLock(lockDir: string): Promise<boolean> {
  try {
    await mkdir(lockDir)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const found = await stat(lockDir).catch(() => undefined)
  if (found && Date.now() - found.mtimeMs > STALE_MS) {
    // Of several that see the same stale lock, the rename lets one through.
    const aside = `${lockDir}.${process.pid}`
    await rename(lockDir, aside).catch(() => undefined)
    await rm(aside, { recursive: true, force: true })
  }
  return false
}
