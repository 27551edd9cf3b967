/** Finds the programs of the local stack, or installs those that are missing. @module */
import { dirname, join } from 'node:path'
import { findGo, goInstall, goInstallLine } from './go-install.ts'
import { withInstallLock } from './install-lock.ts'
import { cacheBinDir, findProgram, type ProgramName } from './programs.ts'
import type { Say } from './say.ts'
import { findInstaller, REDIS } from './system-package.ts'

/** Either a way to install it, or what a person has to do. */
type Way = { readonly install: (progress: Say) => Promise<void> } | { readonly advice: string }

/**
 * The paths of these programs.
 *
 * @throws {Error} when one is missing and cannot be installed here; the message says for all of them what to do
 */
export async function ensurePrograms<Name extends ProgramName>(
  names: readonly Name[],
  progress: Say,
): Promise<Record<Name, string>> {
  const paths: Partial<Record<Name, string>> = {}
  const missing: { name: Name; way: Way }[] = []
  for (const name of names) {
    const { path, unfit } = await findProgram(name)
    if (path) paths[name] = path
    else missing.push({ name, way: await findWay(name, unfit) })
  }
  const advice = missing.flatMap(({ way }) => ('advice' in way ? [way.advice] : []))
  if (advice.length > 0) throw new Error(advice.join('\n'))
  const lockDir = join(dirname(cacheBinDir()), 'install.lock')
  for (const { name, way } of missing) {
    if (!('install' in way)) continue
    paths[name] = await withInstallLock(lockDir, progress, () => installOnce(name, way.install, progress))
  }
  return paths as Record<Name, string>
}

async function installOnce(name: ProgramName, install: (progress: Say) => Promise<void>, progress: Say) {
  // Whoever held the lock before may have installed it.
  const before = await findProgram(name)
  if (before.path) return before.path
  await install(progress)
  const after = await findProgram(name)
  if (after.path) return after.path
  throw new Error(
    [
      `${name} was installed, but no fit one is on PATH or in ${cacheBinDir()}.`,
      ...after.unfit,
      INSTEAD[name],
    ].join('\n'),
  )
}

const INSTEAD: Readonly<Record<ProgramName, string>> = {
  'redis-server':
    'Put a redis-server of version 7 or later on PATH, or set REDIS_URL to a Redis that runs already.',
  minio: 'Put a minio binary on PATH, or set MINIO_ENDPOINT to a MinIO that runs already.',
  mc: "Put MinIO's client mc on PATH.",
}

async function findWay(name: ProgramName, unfit: readonly string[]): Promise<Way> {
  const found = unfit.map((line) => `\n  found ${line}`).join('')
  if (name === 'redis-server') return findRedisWay(found)
  const go = await findGo()
  if (go) return { install: (progress) => goInstall(name, go, progress) }
  return {
    advice:
      `${name} is missing, and so is Go, which could build it.${found}\n` +
      `  Install Go (https://go.dev/dl) and run this again, or build it elsewhere: ${goInstallLine(name)}\n  ${INSTEAD[name]}`,
  }
}

async function findRedisWay(found: string): Promise<Way> {
  const installer = await findInstaller(REDIS)
  // A Redis that is too old may be in somebody's service: it is not ours to replace.
  if (installer?.install && !found) return { install: installer.install }
  const line = installer && !found ? `\n  Run: ${installer.line}` : ''
  return { advice: `redis-server is missing or does not serve.${found}${line}\n  ${INSTEAD['redis-server']}` }
}
