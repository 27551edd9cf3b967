/** Finds the programs of the local stack, or installs those that are missing. @module */
import { dirname, join } from 'node:path'
import { canBuild, goBuild, goBuildLine, type GoProgram } from './go-build.ts'
import { withInstallLock } from './install-lock.ts'
import { cacheBinDir, findProgram, type ProgramName } from './programs.ts'
import type { Say } from '../terminal.ts'
import { findInstaller, REDIS } from './system-package.ts'

interface Missing {
  readonly name: ProgramName
  /** Unsuitable programs of that name, as lines. */
  readonly found: string
}

/** Either a way to install it, or advice for a person. */
type Way = { readonly install: (progress: Say) => Promise<void> } | { readonly advice: string }

/**
 * The paths of these programs.
 *
 * @throws {Error} when one is missing and cannot be installed here; the message has advice for all of them
 */
export async function ensurePrograms<Name extends ProgramName>(
  names: readonly Name[],
  progress: Say,
  signal?: AbortSignal,
): Promise<Record<Name, string>> {
  const { paths, missing } = await findAll(names)
  if (missing.length === 0) return paths as Record<Name, string>
  // All are checked before the first is installed: advice that comes minutes later is too late.
  const ways = await Promise.all(missing.map((each) => findWay(each)))
  const advice = ways.flatMap((way) => ('advice' in way ? [way.advice] : []))
  if (advice.length > 0) throw new Error([...new Set(advice)].join('\n'))
  const lockDir = join(dirname(cacheBinDir()), 'install.lock')
  return withInstallLock(lockDir, progress, async (tell) => {
    signal?.throwIfAborted()
    // The previous holder may have installed them.
    const still = await findAll(names)
    for (const { name } of still.missing.filter((each) => !isBuilt(each.name))) {
      const way = ways[missing.findIndex((each) => each.name === name)]
      if (way && 'install' in way) await way.install(tell)
    }
    const toBuild = still.missing.map((each) => each.name).filter(isBuilt)
    if (toBuild.length > 0) await build(toBuild, tell, signal)
    return { ...still.paths, ...(await mustFind(still.missing)) } as Record<Name, string>
  })
}

async function findAll(names: readonly ProgramName[]) {
  const paths: Partial<Record<ProgramName, string>> = {}
  const missing: Missing[] = []
  for (const name of names) {
    const { path, unfit } = await findProgram(name)
    if (path) paths[name] = path
    else missing.push({ name, found: unfit.map((line) => `\n  found ${line}`).join('') })
  }
  return { paths, missing }
}

async function mustFind(wanted: readonly Missing[]): Promise<Partial<Record<ProgramName, string>>> {
  const { paths, missing } = await findAll(wanted.map(({ name }) => name))
  if (missing.length === 0) return paths
  throw new Error(
    missing
      .map(
        ({ name, found }) =>
          `${name} was installed, but no suitable one is on PATH or in ${cacheBinDir()}.${found}\n${INSTEAD[name]}`,
      )
      .join('\n'),
  )
}

const INSTEAD: Readonly<Record<ProgramName, string>> = {
  'redis-server': 'Put a redis-server of version 7 or later on PATH, or set REDIS_URL to a running Redis.',
  minio: 'Put a minio binary on PATH, or set MINIO_ENDPOINT to a running MinIO.',
  mc: "Put MinIO's client mc on PATH.",
}

function isBuilt(name: ProgramName): name is GoProgram {
  return name !== 'redis-server'
}

async function build(names: readonly GoProgram[], progress: Say, signal: AbortSignal | undefined) {
  try {
    await goBuild({ names, progress, signal })
  } catch (error) {
    if (signal?.aborted) throw error
    const instead = names.map((name) => `  ${INSTEAD[name]}`).join('\n')
    throw new Error(
      `${(error as Error).message}\nThe next start continues from here. Or, without building:\n${instead}`,
      { cause: error },
    )
  }
}

async function findWay({ name, found }: Missing): Promise<Way> {
  if (name === 'redis-server') return findRedisWay(found)
  // All programs that are built are built together.
  if (await canBuild()) return { install: () => Promise.resolve() }
  return {
    advice:
      `${name} is missing, and so is Go, which is needed to build it.${found}\n` +
      `  Install Go (https://go.dev/dl) and run this again, or build it elsewhere:\n    ${goBuildLine()}\n  ${INSTEAD[name]}`,
  }
}

async function findRedisWay(found: string): Promise<Way> {
  const installer = await findInstaller(REDIS)
  // An outdated Redis may be in use by other programs: it must not be replaced.
  if (installer?.install && !found) return { install: installer.install }
  const line = installer && !found ? `\n  Run: ${installer.line}` : ''
  return { advice: `redis-server is missing or unsuitable.${found}${line}\n  ${INSTEAD['redis-server']}` }
}
