/**
 * The scratch folder of one runtime: `<SLUICE_SCRATCH_DIR>/runtime-…`, in it `owner.json` and a folder for each worker.
 * Removed at the runtime's end; what one that was killed has left is removed at the next start on this host.
 * @module
 */
import { access, constants, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ConfigError, messageOf } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { ownFolder, ownerOf } from '../owned-folder.ts'

const PREFIX = 'runtime-'

export interface RuntimeScratch {
  readonly path: string
  remove(): Promise<void>
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'its disk is read-only',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file has this name',
  ENOSPC: 'its disk is full',
}

/** @throws {ConfigError} when it is not there and cannot be made, or cannot be written */
export const makeScratchDir = (scratchDir: string): Promise<void> => makeDir('SLUICE_SCRATCH_DIR', scratchDir)

/** @throws {ConfigError} when it is not there and cannot be made, or cannot be written */
export const makeSpoolDir = (spoolDir: string): Promise<void> => makeDir('SLUICE_STREAMS_SPOOL_DIR', spoolDir)

async function makeDir(setting: string, path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await access(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    throw new ConfigError([
      `${setting}: ${path} cannot be used: ${REASONS[code] ?? messageOf(error)}. Name a folder that this user can write in, on a disk with room`,
    ])
  }
}

/** @throws {ConfigError} when the folder in the settings cannot be used */
export async function openRuntimeScratch(scratchDir: string, log: Logger): Promise<RuntimeScratch> {
  await makeScratchDir(scratchDir)
  try {
    await removeAbandoned(scratchDir, log)
    const path = await mkdtemp(join(resolve(scratchDir), PREFIX))
    await ownFolder(path)
    return { path, remove: () => removeFolder(path, log) }
  } catch (error) {
    throw new ConfigError([`SLUICE_SCRATCH_DIR: ${messageOf(error)}`])
  }
}

/** The folders whose runtime is dead, and each of its workers too: a worker that lost its runtime may still drain. */
async function removeAbandoned(scratchDir: string, log: Logger): Promise<void> {
  for (const name of await readdir(scratchDir)) {
    const path = join(scratchDir, name)
    if (!name.startsWith(PREFIX) || (await ownerOf(path)) !== 'dead') continue
    const inside = (await readdir(path).catch(() => [])).map((child) => ownerOf(join(path, child)))
    if ((await Promise.all(inside)).includes('alive')) continue
    await removeFolder(path, log)
    log.info({ path }, 'removed the scratch folder of a runtime that is gone')
  }
}

async function removeFolder(path: string, log: Logger): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 }).catch((error: Error) =>
    log.warn({ path, error: error.message }, 'a scratch folder could not be removed'),
  )
}
