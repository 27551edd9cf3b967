/**
 * MinIO and its client, built from source by Go: their documented way since images and binaries ended.
 *
 * The versions and the hashes of all that goes into them are in `go-programs/`: both are built from that one module, so
 * what they share is compiled once.
 * @module
 */
import { execFile } from 'node:child_process'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findGo, GO_PROGRAMS_DIR } from './go-command.ts'
import { ensureToolchain, toolchainHere } from './go-toolchain.ts'
import { PATIENCE_MS } from '../patience.ts'
import { cacheBinDir } from './programs.ts'
import { runQuietly } from './child-process.ts'
import type { Say } from '../terminal.ts'

const run = promisify(execFile)

export const GO_PACKAGES = { minio: 'github.com/minio/minio', mc: 'github.com/minio/mc' } as const
export type GoProgram = keyof typeof GO_PACKAGES

/** The same for the list and the build, so that the list knows what the build will find. No names for debuggers: a third less to link. */
const FLAGS = ['-mod=readonly', '-trimpath', '-ldflags=-s -w'] as const

/** Whether they can be built on this kind of machine. */
export async function canBuild(): Promise<boolean> {
  return toolchainHere() !== undefined || (await findGo()) !== undefined
}

/** The command line with which a person builds them by hand. */
export function goBuildLine(): string {
  return `cd ${GO_PROGRAMS_DIR} && CGO_ENABLED=0 go build -o ${cacheBinDir()}/ ${Object.values(GO_PACKAGES).join(' ')}`
}

export interface GoBuild {
  readonly names: readonly GoProgram[]
  readonly progress: Say
  /** Ends it; what was built by then is kept. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Builds into a folder of the cache and moves the finished programs to their place, so that an interrupted build leaves no
 * half one. What was fetched and compiled is kept until all is done: the next try goes on from there. Call it under the
 * install lock: the folder is shared.
 */
export async function goBuild({ names, progress, signal }: GoBuild): Promise<void> {
  const buildDir = join(dirname(cacheBinDir()), 'build')
  const [tmpDir, binDir] = [join(buildDir, 'tmp'), join(buildDir, 'bin')]
  // What an interrupted build was in the middle of.
  for (const dir of [tmpDir, binDir]) {
    await rm(dir, { recursive: true, force: true })
    await mkdir(dir, { recursive: true })
  }
  const go = (await findGo()) ?? (await fetchedGo(buildDir, progress))
  const packages = names.map((name) => GO_PACKAGES[name])
  const env = {
    ...process.env,
    ...(await goCaches(go, buildDir)),
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    GOTMPDIR: tmpDir,
    CGO_ENABLED: '0',
  }
  const command = { cwd: GO_PROGRAMS_DIR, env, progress, signal }
  const what = `Building ${names.join(' and ')} with Go`
  let fetched = 0
  const list = await runQuietly({
    ...command,
    line: [go, 'list', ...FLAGS, '-deps', '-f', '{{.ImportPath}} {{.Stale}}', ...packages],
    what: 'Fetching the sources',
    onErrorLine: (line) => (fetched += line.startsWith('go: downloading ') ? 1 : 0),
    state: () => `${fetched} modules`,
  })
  const { total, stale } = parsePackages(list)
  const built = createBuildProgress(total, stale)
  await runQuietly({
    ...command,
    line: [go, 'build', ...FLAGS, '-v', '-o', `${binDir}/`, ...packages],
    what,
    onErrorLine: (line) => built.onLine(line),
    state: () => built.text(),
  })
  await mkdir(cacheBinDir(), { recursive: true })
  for (const name of names) await rename(join(binDir, name), join(cacheBinDir(), name))
  await rm(buildDir, { recursive: true, force: true })
}

async function fetchedGo(buildDir: string, progress: Say): Promise<string> {
  const kind = toolchainHere()
  if (!kind)
    throw new Error(`Go is missing, and there is none for ${process.platform} on ${process.arch} here`)
  return ensureToolchain(kind, buildDir, progress)
}

/**
 * A person who builds these modules anyway has them in Go's caches, which are then used as they are. Otherwise caches of
 * our own: they hold 2 GB afterwards, which are removed with the build folder.
 */
async function goCaches(go: string, buildDir: string): Promise<Record<string, string>> {
  const options = { cwd: GO_PROGRAMS_DIR, timeout: PATIENCE_MS }
  const { stdout } = await run(go, ['env', '-json', 'GOMODCACHE', 'GOFLAGS'], options)
  const env = JSON.parse(stdout) as { GOMODCACHE: string; GOFLAGS: string }
  const versions = await run(
    go,
    ['list', '-mod=readonly', '-m', '-f', '{{.Path}}/@v/{{.Version}}.zip', ...Object.values(GO_PACKAGES)],
    { ...options, env: { ...process.env, GOPROXY: 'off', GOTOOLCHAIN: 'local', GOWORK: 'off' } },
  ).catch(() => undefined)
  const zips = versions?.stdout.trim().split('\n') ?? []
  const isThere = (zip: string) =>
    access(join(env.GOMODCACHE, 'cache', 'download', zip)).then(
      () => true,
      () => false,
    )
  if (zips.length > 0 && (await Promise.all(zips.map(isThere))).every(Boolean)) return {}
  return {
    GOPATH: join(buildDir, 'path'),
    GOMODCACHE: join(buildDir, 'path', 'pkg', 'mod'),
    GOCACHE: join(buildDir, 'objects'),
    // Without it Go makes its module cache read-only, and it could not be removed.
    GOFLAGS: `${env.GOFLAGS} -modcacherw`.trim(),
  }
}

export interface BuildProgress {
  /** A line that `go build -v` wrote: the package that it begins with, or something else. */
  onLine(line: string): void
  text(): string
}

/**
 * @param total - every package that goes into the programs
 * @param stale - those of them that are not in the build cache, by their paths
 */
export function createBuildProgress(total: number, stale: ReadonlySet<string>): BuildProgress {
  const begun = new Set<string>()
  return {
    onLine: (line) => {
      if (stale.has(line)) begun.add(line)
    },
    text: () => `${total - stale.size + begun.size} of ${total} packages`,
  }
}

/** Shape, by `go list -deps -f '{{.ImportPath}} {{.Stale}}'`: lines such as `github.com/minio/mc/cmd true`. */
export function parsePackages(output: string): {
  readonly total: number
  readonly stale: ReadonlySet<string>
} {
  const lines = output.split('\n').filter(Boolean)
  const stale = lines.filter((line) => line.endsWith(' true')).map((line) => line.slice(0, -' true'.length))
  return { total: lines.length, stale: new Set(stale) }
}
