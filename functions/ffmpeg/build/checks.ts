/** Whether FFmpeg is installed and supports everything that functions need: for `sluice doctor`. @module */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ToolCheck } from '../../../runtime/index.ts'
import { HELP, LISTINGS, lacksOf, type BuildTexts, type Lack } from './abilities.ts'
import { ffmpegBinaries } from './binaries.ts'
import { fenceFor } from '../sandbox/sandbox.ts'

const run = promisify(execFile)

const ANSWER_MS = 10_000
const REPAIR = ['sudo apt-get install ffmpeg']

export async function checkFfmpeg(): Promise<readonly ToolCheck[]> {
  const checks: ToolCheck[] = []
  try {
    const { ffmpegPath, ffprobePath, version, origin } = await ffmpegBinaries()
    checks.push({ check: 'FFmpeg', status: 'ok', found: `${version} (${origin}), ${ffmpegPath}` })
    // Static builds crash without GCONV_PATH.
    const settings = { timeout: ANSWER_MS, env: { GCONV_PATH: '/nonexistent' } }
    const probe = await run(ffprobePath, ['-version'], settings)
    const probeVersion = /version (\S+)/.exec(probe.stdout)?.[1] ?? 'of unknown version'
    checks.push({ check: 'ffprobe', status: 'ok', found: `${probeVersion}, ${ffprobePath}` })
    checks.push(...abilityChecks(lacksOf(await textsOf(ffmpegPath, settings))))
    const { title } = await fenceFor(ffmpegPath, { isOffline: true })
    checks.push({ check: 'FFmpeg runs', status: 'ok', found: title })
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    const setting = /^FF\w+_PATH(?=:)/.exec(found)?.[0]
    checks.push({ check: 'FFmpeg', status: 'fail', found, repair: setting ? [`unset ${setting}`] : REPAIR })
  }
  return checks
}

async function textsOf(path: string, settings: object): Promise<BuildTexts> {
  const text = async (...words: readonly string[]) =>
    (await run(path, ['-hide_banner', ...words], { ...settings, maxBuffer: 16 * 1024 ** 2 })).stdout
  const entries = async <T extends string>(names: readonly T[], ask: (name: T) => Promise<string>) =>
    Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await ask(name)] as const)),
    ) as Record<T, string>
  return {
    listings: await entries(LISTINGS, (name) => text(`-${name}`)),
    help: await entries(HELP, (name) => text('-h', name)),
  }
}

function abilityChecks(lacks: readonly Lack[]): readonly ToolCheck[] {
  if (lacks.length === 0)
    return [{ check: 'FFmpeg can', status: 'ok', found: 'all that functions ask of it' }]
  return lacks.map(({ names, consequence, isFatal }) => ({
    check: 'FFmpeg can',
    status: isFatal ? 'fail' : 'warn',
    found: `no ${names.join(', no ')}: ${consequence}`,
    repair: REPAIR,
  }))
}
