/**
 * MinIO and its client, built from source by Go: their documented way since images and binaries ended.
 *
 * The versions are the last commits of the community editions; Go's checksum database vouches for their bytes.
 * @module
 */
import { execFile } from 'node:child_process'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheBinDir } from './programs.ts'
import { runQuietly } from './run-quietly.ts'
import type { Say } from './say.ts'
import { findOnPath } from './search-path.ts'

const run = promisify(execFile)

const MODULES = {
  minio: {
    path: 'github.com/minio/minio',
    version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
    usually: '3 to 5 minutes, once',
  },
  mc: {
    path: 'github.com/minio/mc',
    version: 'v0.0.0-20250313080218-cf909e1063a9',
    usually: '1 to 2 minutes, once',
  },
} as const
export type GoProgram = keyof typeof MODULES
export const GO_PROGRAMS = Object.keys(MODULES) as readonly GoProgram[]

/** Go's own installer does not put itself on PATH. */
export async function findGo(): Promise<string | undefined> {
  return (await findOnPath('go')) ?? (await findOnPath('go', '/usr/local/go/bin'))
}

/** The command line with which a person builds it by hand. */
export function goInstallLine(name: GoProgram): string {
  return `GOBIN=${cacheBinDir()} go install ${MODULES[name].path}@${MODULES[name].version}`
}

/**
 * Builds into a folder of the cache and moves the finished binary to its place, so that an interrupted build leaves no
 * half one. Call it under the install lock: the build folder is shared.
 */
export async function goInstall(name: GoProgram, go: string, progress: Say): Promise<void> {
  const { path, version, usually } = MODULES[name]
  const buildDir = join(dirname(cacheBinDir()), 'build')
  const binDir = join(buildDir, 'bin')
  // What an interrupted build left.
  await rm(buildDir, { recursive: true, force: true })
  await mkdir(join(buildDir, 'tmp'), { recursive: true })
  try {
    await runQuietly({
      line: [go, 'install', `${path}@${version}`],
      cwd: buildDir,
      env: {
        ...process.env,
        ...(await goCaches(go, buildDir, `${path}/@v/${version}.zip`)),
        GOBIN: binDir,
        GOTMPDIR: join(buildDir, 'tmp'),
      },
      what: `Building ${name} with Go`,
      usually,
      progress,
    })
    await mkdir(cacheBinDir(), { recursive: true })
    await rename(join(binDir, name), join(cacheBinDir(), name))
  } finally {
    await rm(buildDir, { recursive: true, force: true })
  }
}

/**
 * A person who builds this module anyway has it in Go's caches, which are then used as they are. Otherwise caches of
 * our own: they hold 2 GB afterwards, which are removed with the build folder.
 */
async function goCaches(go: string, buildDir: string, zip: string): Promise<Record<string, string>> {
  const { stdout } = await run(go, ['env', '-json', 'GOMODCACHE', 'GOFLAGS'])
  const env = JSON.parse(stdout) as { GOMODCACHE: string; GOFLAGS: string }
  const isCached = await access(join(env.GOMODCACHE, 'cache', 'download', zip)).then(
    () => true,
    () => false,
  )
  if (isCached) return {}
  return {
    GOPATH: join(buildDir, 'path'),
    GOMODCACHE: join(buildDir, 'path', 'pkg', 'mod'),
    GOCACHE: join(buildDir, 'objects'),
    // Without it Go makes its module cache read-only, and it could not be removed.
    GOFLAGS: `${env.GOFLAGS} -modcacherw`.trim(),
  }
}
