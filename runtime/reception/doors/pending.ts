/**
 * Folders for FFmpegs whose sender was not admitted yet: `<spool>/.pending/<process>/<id>`. A receiver that died leaves its folder;
 * the next one on this disk removes it.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { ownerOf, ownFolder } from '../../owned-folder.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { DAY_MS, HOUR_MS } from '../../time.ts'
import { pendingFolder } from '../names.ts'

const MARK_MS = HOUR_MS
/** A folder of another host that was not marked for so long has no receiver any more. */
const SILENT_MS = DAY_MS

export interface PendingFolders {
  /** A new, empty folder. */
  make(): Promise<string>
  /** To be called for a folder that was not moved. */
  remove(path: string): Promise<void>
  /** Removes all. */
  close(): Promise<void>
}

export async function openPendingFolders(spoolDir: string, log: Logger): Promise<PendingFolders> {
  const own = pendingFolder(spoolDir, randomUUID())
  const remove = (path: string) =>
    rm(path, { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) =>
      log.warn({ path, error: messageOf(error) }, 'a folder of an FFmpeg could not be removed'),
    )
  await mkdir(dirname(own), { recursive: true, mode: 0o700 })
  for (const name of await readdir(dirname(own))) {
    const path = join(dirname(own), name)
    if (await isAbandoned(path)) await remove(path)
  }
  await ownFolder(own)
  // Receivers on other hosts cannot see whether this process lives.
  const marking = setInterval(() => {
    const now = new Date()
    void utimes(own, now, now).catch(() => undefined)
  }, MARK_MS)
  marking.unref()
  return {
    async make() {
      const path = join(own, randomUUID())
      await mkdir(path, { mode: 0o700 })
      return path
    },
    remove,
    async close() {
      clearInterval(marking)
      await remove(own)
    },
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const owner = await ownerOf(path)
  if (owner !== 'unknown') return owner === 'dead'
  // Another host's, as that of each container before this one.
  const { mtimeMs = Date.now() } = (await stat(path).catch(() => undefined)) ?? {}
  return Date.now() - mtimeMs > SILENT_MS
}
