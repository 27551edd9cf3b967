/** This machine: Node, FFmpeg, room for attempts, files that may be open. @module */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '../../errors.ts'
import { formatBytes } from '../../size.ts'
import { fail, ok, skipped, warn, type Finding, type Findings } from './finding.ts'
import type { Patient } from './patient.ts'

const run = promisify(execFile)

/** As package.json has it. */
const OLDEST_NODE = [20, 19] as const
const ENCODERS = ['libx264', 'aac']
const GIB = 1024 ** 3
const FEW_FILES = 1_024

export async function* checkMachine(patient: Patient): Findings {
  yield judgeNode(process.versions.node)
  yield* checkFfmpeg()
  yield* checkScratch(patient.config.scratchDir)
  yield checkOpenFiles()
}

export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isRecent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  return isRecent
    ? ok('Node', version)
    : fail('Node', `${version}; ${OLDEST_NODE.join('.')} or later is needed`, 'nvm install 22')
}

/** The one place where the runtime knows a tool of functions: whoever asks a doctor does not ask which part is ill. */
async function* checkFfmpeg(): Findings {
  const { ffmpegBinaries } = await import('../../../functions/lib/binaries.ts')
  const install = 'sudo apt-get install ffmpeg'
  try {
    const { ffmpegPath, ffprobePath, version, origin } = await ffmpegBinaries()
    yield ok('FFmpeg', `${version} (${origin}), ${ffmpegPath}`)
    const probe = await run(ffprobePath, ['-version'], { timeout: 10_000, env: {} })
    yield ok('ffprobe', `${/version (\S+)/.exec(probe.stdout)?.[1] ?? 'of unknown version'}, ${ffprobePath}`)
    const { stdout } = await run(ffmpegPath, ['-hide_banner', '-encoders'], { timeout: 10_000, env: {} })
    const missing = ENCODERS.filter((name) => !new RegExp(`^ \\S+ ${name} `, 'm').test(stdout))
    yield missing.length > 0
      ? warn('encoders', `no ${missing.join(', no ')}: functions that encode fail`, install)
      : ok('encoders', ENCODERS.join(', '))
  } catch (error) {
    yield fail('FFmpeg', messageOf(error), install)
  }
}

async function* checkScratch(path: string): Findings {
  try {
    await mkdir(path, { recursive: true })
    const folder = await mkdtemp(join(path, 'doctor-'))
    try {
      await writeFile(join(folder, 'file'), 'doctor')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const { bavail, bsize } = await statfs(path)
    const free = bavail * bsize
    const found = `${path}, ${formatBytes(free)} free`
    const other = 'export SLUICE_SCRATCH_DIR=/a/larger/disk'
    if (free < GIB / 4) yield fail('scratch', `${found}: attempts will find it full`, other)
    else if (free < 5 * GIB) yield warn('scratch', `${found}: too little for large media`, other)
    else yield ok('scratch', found)
  } catch (error) {
    yield fail(
      'scratch',
      `${path} (SLUICE_SCRATCH_DIR) cannot be written: ${messageOf(error)}`,
      `sudo install -d -o "$USER" '${path.replaceAll("'", `'\\''`)}'`,
    )
  }
}

/** Node raises its own limit as far as it may. */
function checkOpenFiles(): Finding {
  const report = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: number | string } }
  }
  const soft = report.userLimits?.open_files?.soft
  if (soft === undefined) return skipped('open files', 'this system does not tell')
  if (soft === 'unlimited' || Number(soft) >= FEW_FILES) return ok('open files', `up to ${soft}`)
  return warn('open files', `up to ${soft}: few for many connections and attempts`, 'ulimit -n 65536')
}
