/**
 * Which FFmpeg runs: the one that FFMPEG_PATH names, otherwise a recent one on PATH, otherwise the embedded build.
 * The only reader of these environment variables. Found once per process.
 * @module
 */
import { execFile } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import { embeddedFfmpeg, embeddedFfprobe } from './embedded.ts'
import { ToolError } from '../words/result.ts'
import type { Environment } from '../../../runtime/index.ts'

export interface FfmpegBinaries {
  readonly ffmpegPath: string
  readonly ffprobePath: string
  /** FFmpeg's own word for it, such as `5.1.9-0+deb12u1` or `N-47683-g0e8eb07980-static`. */
  readonly version: string
  /** It has `-fps_mode`; older ones have `-vsync`, which newer ones no longer have. */
  readonly hasFpsMode: boolean
  readonly origin: 'environment' | 'path' | 'embedded'
}

/** libavformat of FFmpeg 4.4. Nightly builds have no version number, but all of them name this one. */
const OLDEST_ON_PATH = [58, 76] as const
/** Of FFmpeg 5.1. */
const FIRST_WITH_FPS_MODE = [59, 27] as const
/** A machine under load may take long to start a program. */
const ANSWER_MS = 120_000
const HOW_TO_HELP =
  'install ffmpeg with ffprobe, 4.4 or newer (Debian: apt-get install ffmpeg), or set FFMPEG_PATH and FFPROBE_PATH'

let found: Promise<FfmpegBinaries> | undefined

/**
 * The binaries of this process.
 *
 * @throws {ToolError} when none runs; its message says what to do
 */
export function ffmpegBinaries(): Promise<FfmpegBinaries> {
  found ??= findBinaries(process.env).catch((error: unknown) => {
    // Not cached: installing FFmpeg does not require a restart of the workers.
    found = undefined
    throw error
  })
  return found
}

/** As {@link ffmpegBinaries}, for the given environment and without a cache. */
export async function findBinaries(env: Environment): Promise<FfmpegBinaries> {
  return (await fromEnvironment(env)) ?? (await fromPath(env)) ?? (await fromPackages())
}

/** FFMPEG_PATH, FFPROBE_PATH or both; one that is not named comes from the folder of the named one, PATH or the packages. */
async function fromEnvironment(env: Environment): Promise<FfmpegBinaries | undefined> {
  const { FFMPEG_PATH: ffmpegPath, FFPROBE_PATH: ffprobePath } = env
  if (!ffmpegPath && !ffprobePath) return undefined
  const wrong = [await whyUnfit('FFMPEG_PATH', ffmpegPath), await whyUnfit('FFPROBE_PATH', ffprobePath)]
  const reasons = wrong.filter((issue) => issue !== undefined).join('; ')
  if (reasons) throw new ToolError(reasons, { tool: wrong[0] ? 'ffmpeg' : 'ffprobe' })
  const ffmpeg = ffmpegPath ?? (await searchPath(env, 'ffmpeg')) ?? embeddedFfmpeg()
  const beside = join(dirname(ffmpeg), 'ffprobe')
  const ffprobe =
    ffprobePath ??
    ((await isRunnable(beside)) ? beside : ((await searchPath(env, 'ffprobe')) ?? (await embeddedFfprobe())))
  const text = await versionText('ffmpeg', ffmpeg).catch((error: ToolError) => {
    if (!ffmpegPath) throw error
    throw new ToolError(`FFMPEG_PATH: ${error.message}`, { tool: 'ffmpeg', cause: error })
  })
  if (ffmpegPath) mustBe('ffmpeg', ffmpegPath, text)
  if (ffprobePath) mustBe('ffprobe', ffprobePath, await versionText('ffprobe', ffprobePath))
  const { version, hasFpsMode } = parseVersion(text)
  return { ffmpegPath: ffmpeg, ffprobePath: ffprobe, version, hasFpsMode, origin: 'environment' }
}

/** @throws {ToolError} when the program that a setting names reports to be another one */
function mustBe(tool: 'ffmpeg' | 'ffprobe', path: string, versionText: string): void {
  if (versionText.startsWith(`${tool} version `)) return
  const line = versionText.split('\n')[0]?.slice(0, 60)
  const name = tool === 'ffmpeg' ? 'FFMPEG_PATH' : 'FFPROBE_PATH'
  throw new ToolError(`${name}: ${path} is another program (it says "${line}")`, { tool })
}

async function fromPath(env: Environment): Promise<FfmpegBinaries | undefined> {
  const ffmpegPath = await searchPath(env, 'ffmpeg')
  const ffprobePath = await searchPath(env, 'ffprobe')
  if (!ffmpegPath || !ffprobePath) return undefined
  const text = await versionText('ffmpeg', ffmpegPath).catch(() => '')
  const { version, hasFpsMode, isRecent } = parseVersion(text)
  return isRecent ? { ffmpegPath, ffprobePath, version, hasFpsMode, origin: 'path' } : undefined
}

async function fromPackages(): Promise<FfmpegBinaries> {
  const ffmpegPath = embeddedFfmpeg()
  const ffprobePath = await embeddedFfprobe()
  const { version, hasFpsMode } = parseVersion(await versionText('ffmpeg', ffmpegPath))
  return { ffmpegPath, ffprobePath, version, hasFpsMode, origin: 'embedded' }
}

/**
 * The version in the output of `ffmpeg -version`.
 *
 * **Shape**: `ffmpeg version 5.1.9-0+deb12u1 Copyright …` and, lines later, `libavformat    59. 27.100 / 59. 27.100`.
 */
export function parseVersion(text: string): {
  readonly version: string
  readonly isRecent: boolean
  readonly hasFpsMode: boolean
} {
  const version = /^ff\w+ version (\S+)/m.exec(text)?.[1] ?? 'unknown'
  const library = /^libavformat\s+(\d+)\.\s*(\d+)\./m.exec(text)
  const [major, minor] = [Number(library?.[1] ?? 0), Number(library?.[2] ?? 0)]
  const isAtLeast = ([atMajor, atMinor]: readonly [number, number]) =>
    major > atMajor || (major === atMajor && minor >= atMinor)
  return { version, isRecent: isAtLeast(OLDEST_ON_PATH), hasFpsMode: isAtLeast(FIRST_WITH_FPS_MODE) }
}

async function versionText(tool: 'ffmpeg' | 'ffprobe', path: string): Promise<string> {
  try {
    return (await promisify(execFile)(path, ['-version'], { timeout: ANSWER_MS, env: {} })).stdout
  } catch (cause) {
    throw new ToolError(`${path} does not run: ${HOW_TO_HELP}`, { tool, cause })
  }
}

async function whyUnfit(name: 'FFMPEG_PATH' | 'FFPROBE_PATH', path: string | undefined) {
  if (!path) return undefined
  const so = (reason: string) => `${name}: ${path} ${reason}: name a program that runs, or unset ${name}`
  if (!isAbsolute(path)) return so('is not an absolute path')
  const stats = await stat(path).catch(() => undefined)
  if (!stats) return so('does not exist')
  if (!stats.isFile()) return so('is not a file')
  return (await isRunnable(path)) ? undefined : so('may not be executed')
}

async function searchPath(env: Environment, name: string): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    // A relative entry would mean a different program in each working folder.
    if (isAbsolute(folder) && (await isRunnable(join(folder, name)))) return join(folder, name)
  }
  return undefined
}

async function isRunnable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
