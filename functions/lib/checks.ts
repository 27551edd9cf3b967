/** Whether FFmpeg is there and can do what functions ask of it: for `sluice doctor`. @module */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ToolCheck } from '../../runtime/index.ts'
import { ffmpegBinaries } from './binaries.ts'

const run = promisify(execFile)

/** Of `chunk` in mode `exact`. */
const ENCODERS = ['libx264', 'aac']
const ANSWER_MS = 10_000
const REPAIR = ['sudo apt-get install ffmpeg']

export async function checkFfmpeg(): Promise<readonly ToolCheck[]> {
  const checks: ToolCheck[] = []
  try {
    const { ffmpegPath, ffprobePath, version, origin } = await ffmpegBinaries()
    checks.push({ check: 'FFmpeg', status: 'ok', found: `${version} (${origin}), ${ffmpegPath}` })
    // As the seam has it: static builds crash without GCONV_PATH.
    const settings = { timeout: ANSWER_MS, env: { GCONV_PATH: '/nonexistent' } }
    const probe = await run(ffprobePath, ['-version'], settings)
    const probeVersion = /version (\S+)/.exec(probe.stdout)?.[1] ?? 'of unknown version'
    checks.push({ check: 'ffprobe', status: 'ok', found: `${probeVersion}, ${ffprobePath}` })
    const { stdout } = await run(ffmpegPath, ['-hide_banner', '-encoders'], settings)
    const missing = ENCODERS.filter((name) => !new RegExp(`^ \\S+ ${name} `, 'm').test(stdout))
    checks.push(
      missing.length > 0
        ? {
            check: 'encoders',
            status: 'warn',
            found: `no ${missing.join(', no ')}: mode exact fails`,
            repair: REPAIR,
          }
        : { check: 'encoders', status: 'ok', found: ENCODERS.join(', ') },
    )
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    checks.push({ check: 'FFmpeg', status: 'fail', found, repair: REPAIR })
  }
  return checks
}
