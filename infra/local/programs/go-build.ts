/**
 * MinIO and its client, built from source with Go: the documented way since images and binaries are no longer published.
 *
 * The versions and hashes of all their modules are in `go-programs/`: both are built from that one module, so
 * shared packages are compiled once.
 * @module
 */
import { execFile } from 'node:child_process'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ensureToolchain, findGo, GO_PROGRAMS_DIR, toolchainHere } from './go-toolchain.ts'
import { PATIENCE_MS } from '../patience.ts'
import { cacheBinDir } from './programs.ts'
import { runQuietly } from './child-process.ts'
import type { Say } from '../terminal.ts'

const run = promisify(execFile)

export const GO_PACKAGES = { minio: 'github.com/minio/minio', mc: 'github.com/minio/mc' } as const
export type GoProgram = keyof typeof GO_PACKAGES

/** The same for the list and the build, so that the list predicts the build. Without debug symbols there is a third less to link. */
const FLAGS = ['-mod=readonly', '-trimpath', '-ldflags=-s -w'] as const

/** Whether they can be built on this kind of machine. */
export async function canBuild(): Promise<boolean> {
  return toolchainHere() !== undefined || (await findGo()) !== undefined
}

/** The command line to build them by hand. */
export function goBuildLine(): string {
  return `cd ${GO_PROGRAMS_DIR} && CGO_ENABLED=0 go build -o ${cacheBinDir()}/ ${Object.values(GO_PACKAGES).join(' ')}`
}

export interface GoBuild {
  readonly names: readonly GoProgram[]
  readonly progress: Say
  /** Ends the build; finished packages are kept. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Builds into a folder of the cache and moves the finished programs to their place, so that an interrupted build leaves no
 * incomplete program. Fetched and compiled files are kept until all is done: the next build continues from there. Call it
 * under the install lock: the folder is shared.
 */
export async function goBuild({ names, progress, signal }: GoBuild): Promise<void> {
  const buildDir = join(dirname(cacheBinDir()), 'build')
  const [tmpDir, binDir] = [join(buildDir, 'tmp'), join(buildDir, 'bin')]
  // Unfinished files of an interrupted build.
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
    throw new Error(
      `Go is missing, and no download of it is known for ${process.platform} on ${process.arch}`,
    )
  return ensureToolchain(kind, buildDir, progress)
}

/**
 * If Go's own caches contain these modules already, they are used as they are. Otherwise the build has its own caches, of
 * 2 GB in the end, which are removed with the build folder.
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
    // Without this flag Go makes its module cache read-only, so that it could not be removed.
    GOFLAGS: `${env.GOFLAGS} -modcacherw`.trim(),
  }
}

export interface BuildProgress {
  /** A line of `go build -v`: the package that it starts to build, or something else. */
  onLine(line: string): void
  text(): string
}

/**
 * @param total - the number of packages in the programs
 * @param stale - the paths of those that are not in the build cache
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

/** Shape, from `go list -deps -f '{{.ImportPath}} {{.Stale}}'`: lines such as `github.com/minio/mc/cmd true`. */
export function parsePackages(output: string): {
  readonly total: number
  readonly stale: ReadonlySet<string>
} {
  const lines = output.split('\n').filter(Boolean)
  const stale = lines.filter((line) => line.endsWith(' true')).map((line) => line.slice(0, -' true'.length))
  return { total: lines.length, stale: new Set(stale) }
}
