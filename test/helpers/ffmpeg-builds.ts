/**
 * Every FFmpeg on this machine: the embedded one always, the system's and the one of FFMPEG_PATH when there is one. With
 * TEST_FFMPEG, which is `embedded` or `path`, only that one.
 * @module
 */
import { vi } from 'vitest'
import { join } from 'node:path'
import { findBinaries, type FfmpegBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { installedFfmpegs } from './installed-ffmpeg.ts'

export interface FfmpegBuild extends FfmpegBinaries {
  /** For test titles. */
  readonly name: string
}

export async function ffmpegBuilds(): Promise<readonly FfmpegBuild[]> {
  const { TEST_FFMPEG } = process.env
  // One run of `.ci/run` is about each of them.
  return (await allOnMachine()).filter(({ origin }) => !TEST_FFMPEG || origin === TEST_FFMPEG)
}

async function allOnMachine(): Promise<readonly FfmpegBuild[]> {
  const { PATH, FFMPEG_PATH, FFPROBE_PATH } = process.env
  const found = await Promise.all([
    findBinaries({}),
    findBinaries({ PATH }),
    findBinaries({ PATH, FFMPEG_PATH, FFPROBE_PATH }),
  ])
  const byPath = new Map(found.map((binaries) => [binaries.ffmpegPath, binaries]))
  return [...byPath.values()].map((binaries) => ({
    ...binaries,
    name: `${binaries.origin} FFmpeg ${binaries.version}`,
  }))
}

/** Every build on this machine, whatever TEST_FFMPEG says, and every other one that can be had: `missing` are those that cannot, each with its reason. */
export async function everyFfmpegBuild(): Promise<{
  readonly builds: readonly FfmpegBuild[]
  readonly missing: readonly string[]
}> {
  const [builds, missing] = [[...(await allOnMachine())], [] as string[]]
  for (const one of await installedFfmpegs()) {
    if ('missing' in one) {
      missing.push(`FFmpeg ${one.name}: ${one.missing}`)
      continue
    }
    const FFMPEG_PATH = join(one.folder, 'ffmpeg')
    const binaries = await findBinaries({ FFMPEG_PATH, FFPROBE_PATH: join(one.folder, 'ffprobe') })
    if (builds.some(({ version }) => version === binaries.version)) continue
    builds.push({ ...binaries, name: `FFmpeg ${binaries.version}` })
  }
  return { builds, missing }
}

/** What loaded modules want done when the process ends; one listener calls them, however often modules are loaded. */
const endings = new Set<() => void>()
process.once('exit', () => {
  for (const end of endings) end()
})

/** Fresh modules that will find `build`: a process looks for its FFmpeg only once. */
export async function withBuild<T>(build: FfmpegBuild, load: () => Promise<T>): Promise<T> {
  const before = new Set(process.listeners('exit'))
  vi.resetModules()
  vi.stubEnv('FFMPEG_PATH', build.ffmpegPath)
  vi.stubEnv('FFPROBE_PATH', build.ffprobePath)
  const { ffmpegBinaries } = await import('../../functions/ffmpeg/build/binaries.ts')
  await ffmpegBinaries()
  vi.unstubAllEnvs()
  const loaded = await load()
  for (const listener of process.listeners('exit').filter((each) => !before.has(each))) {
    process.off('exit', listener)
    endings.add(() => listener(process.exitCode as number))
  }
  return loaded
}
