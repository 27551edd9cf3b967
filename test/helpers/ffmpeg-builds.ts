/**
 * The builds of FFmpeg that tests run with. With TEST_FFMPEG, which is `embedded` or `path`, that one: CI has a run for each.
 * Otherwise the one that functions would use on this machine, and with TEST_LONG every one that is on it: the embedded one
 * always, the system's and the one of FFMPEG_PATH when there is one.
 * @module
 */
import { vi } from 'vitest'
import { join } from 'node:path'
import { findBinaries, type FfmpegBinaries } from '../../functions/ffmpeg/build/binaries.ts'
import { installedFfmpegs } from './installed-ffmpeg.ts'
import { isThorough } from './thorough.ts'

export interface FfmpegBuild extends FfmpegBinaries {
  /** For test titles. */
  readonly name: string
}

export async function ffmpegBuilds(): Promise<readonly FfmpegBuild[]> {
  const { TEST_FFMPEG } = process.env
  const all = await allOnMachine()
  if (TEST_FFMPEG) return all.filter(({ origin }) => origin === TEST_FFMPEG)
  if (isThorough) return all
  const { ffmpegPath } = await findBinaries(process.env)
  return all.filter((build) => build.ffmpegPath === ffmpegPath)
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

/** Actions that loaded modules want at the end of the process; one listener calls them, however often modules are loaded. */
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
