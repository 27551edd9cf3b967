/**
 * Folders for attempts: `<scratch>/<worker process>/<attempt>`. Each is removed when its attempt ends, in whatever way;
 * the supervisor removes the whole folder of a dead process.
 * @module
 */
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

/** The folder of a worker process, named after it so that it can be removed when the process is gone. */
export function scratchOf(scratchDir: string, pid: number): string {
  return join(scratchDir, `worker-${pid}`)
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
