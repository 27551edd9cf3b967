/**
 * Folders for attempts: `<scratch>/<worker process>/<attempt>`. Each is removed when its attempt ends, whatever way;
 * the supervisor removes a dead process's folder whole.
 * @module
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** The folder of a worker process: it names the process, so that it can be removed when that is gone. */
export function scratchOf(scratchDir: string, pid: number): string {
  return join(scratchDir, `worker-${pid}`)
}

/** Runs `use` with a new folder that only this user can read. */
export async function withScratch<T>(parent: string, use: (path: string) => Promise<T>): Promise<T> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const path = await mkdtemp(join(parent, 'attempt-'))
  try {
    return await use(path)
  } finally {
    await rm(path, { recursive: true, force: true, maxRetries: 3 })
  }
}
