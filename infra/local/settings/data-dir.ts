/**
 * The folder with all data of the local stack, readable only by its owner: MinIO writes the accounts' secret keys in
 * plain text, and uploads are private.
 * @module
 */
import { accessSync, chmodSync, constants, lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../../runtime/errors.ts'

export const PRIVATE_DIR = 0o700
const OTHERS = 0o077
/** The folder, those of the servers, and their data: each may be moved elsewhere, and keeps its permissions. */
const DEPTH = 2

/**
 * Creates it, or removes the permissions of others from an existing one.
 *
 * @throws {ConfigError} when it cannot be written; names the setting that moves it
 */
export function openDataDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: PRIVATE_DIR })
    accessSync(dir, constants.W_OK | constants.X_OK)
    closeToOthers(realpathSync(dir), DEPTH)
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (!code) throw error
    const where = path && path !== dir ? ` (${path})` : ''
    throw new ConfigError([
      `SLUICE_LOCAL_DIR: the data cannot be kept in ${dir}: ${REASONS[code] ?? code}${where}. ` +
        'Make that folder yours to write in, or set SLUICE_LOCAL_DIR to another one, for every command',
    ])
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'you may not write there',
  EPERM: 'it belongs to another user',
  EROFS: 'its disk is read-only',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file has this name',
  ENOENT: 'it cannot be made there',
  ENOSPC: 'its disk is full',
}

function closeToOthers(path: string, depth: number): void {
  const stats = lstatSync(path)
  if (!stats.isDirectory() && !stats.isFile()) return
  if (stats.mode & OTHERS) chmodSync(path, stats.mode & 0o7777 & ~OTHERS)
  if (!stats.isDirectory() || depth === 0) return
  for (const name of readdirSync(path)) closeToOthers(join(path, name), depth - 1)
}
