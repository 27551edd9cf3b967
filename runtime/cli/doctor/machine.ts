/** This machine: Node, the tools of functions, space for attempts, open files, access to the data; and its clock beside those of Redis and MinIO. @module */
import { mkdir, mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { shellWord } from '../../telemetry/safe-text.ts'
import { messageOf } from '../../errors.ts'
import { formatBytes } from '../../amounts.ts'
import { fail, type Finding, type Findings, ok, skipped, warn } from './finding.ts'
import type { Subject } from './subject.ts'
import { SECOND_MS, stretched } from '../../time.ts'
import { durationText } from '../terminal/amounts.ts'

/** The same as in package.json. */
const OLDEST_NODE = [20, 19] as const
const GIB = 1024 ** 3
const FEW_FILES = 1_024
/** Permissions of group and others. */
const OTHERS = 0o077

export async function* checkMachine(subject: Subject): Findings {
  yield judgeNode(process.versions.node)
  // Functions know the tools that they use.
  for (const finding of (await subject.checks?.()) ?? []) yield finding
  yield* checkScratch(subject.config.scratchDir)
  yield checkOpenFiles()
  const dataDir = subject.env['SLUICE_LOCAL_DIR']
  if (dataDir && (await isThere(dataDir))) yield await judgeDataDir(dataDir)
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** The data of `npm start`, in which MinIO keeps the secret keys of accounts in clear text. */
export async function judgeDataDir(path: string): Promise<Finding> {
  const { mode } = await stat(path)
  const rights = (mode & 0o777).toString(8)
  if ((mode & OTHERS) === 0) return ok('data folder', `${path}, only for its owner (${rights})`)
  return fail(
    'data folder',
    `other users of this machine can enter ${path} (${rights}), which has uploads and the secret keys of accounts`,
    `chmod 700 ${shellWord(path)}`,
  )
}

export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isRecent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  return isRecent
    ? ok('Node', version)
    : fail('Node', `${version}; ${OLDEST_NODE.join('.')} or later is required`, 'nvm install 22')
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
    if (free < GIB / 4) yield fail('scratch', `${found}: attempts will run out of space`, other)
    else if (free < 5 * GIB) yield warn('scratch', `${found}: too little for large media`, other)
    else yield ok('scratch', found)
  } catch (error) {
    yield fail(
      'scratch',
      `${path} (SLUICE_SCRATCH_DIR) is not writable: ${messageOf(error)}`,
      `sudo install -d -o "$USER" ${shellWord(path)}`,
    )
  }
}

/** Node raises its own limit as far as it can. */
function checkOpenFiles(): Finding {
  const report = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: number | string } }
  }
  const soft = report.userLimits?.open_files?.soft
  if (soft === undefined) return skipped('open files', 'this system does not report the limit')
  if (soft === 'unlimited' || Number(soft) >= FEW_FILES) return ok('open files', `up to ${soft}`)
  return warn('open files', `up to ${soft}: too few for many connections and attempts`, 'ulimit -n 65536')
}

/** The Date of a response has whole seconds. */
const CLOSE_MS = 3_000
/** Beyond this S3 refuses each request. */
const REFUSED_MS = 15 * 60_000
const REPAIR = 'sudo timedatectl set-ntp true   # on the machine whose clock is wrong'

export async function* checkClocks({ redis, config }: Subject): Findings {
  if (redis) {
    const startedMs = Date.now()
    yield judge('Redis', (await redis.nowMs()) - (startedMs + Date.now()) / 2, doubtMs(startedMs))
  } else yield skipped('clock of Redis', 'it does not answer')
  const startedMs = Date.now()
  const date = await fetch(`${config.minioEndpoint}/minio/health/live`, {
    signal: AbortSignal.timeout(stretched(5 * SECOND_MS)),
  })
    .then(async (response) => {
      await response.body?.cancel()
      return response.headers.get('date')
    })
    .catch(() => null)
  const dateMs = Date.parse(date ?? '')
  // The middle of that second.
  if (Number.isFinite(dateMs))
    yield judge('MinIO', dateMs + 500 - (startedMs + Date.now()) / 2, doubtMs(startedMs))
  else yield skipped('clock of MinIO', 'none of its responses has a date')
}

/** The answer may have been given at any moment since then. */
function doubtMs(startedMs: number): number {
  return (Date.now() - startedMs) / 2
}

/** @param uncertainMs - the difference may be smaller by this, as the answer took its time */
export function judge(server: string, aheadMs: number, uncertainMs = 0): Finding {
  const check = `clock of ${server}`
  const awayMs = Math.max(0, Math.abs(aheadMs) - uncertainMs)
  if (awayMs <= CLOSE_MS) return ok(check, 'same as here')
  const found = `${durationText(awayMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`
  return awayMs > REFUSED_MS
    ? fail(check, `${found}: S3 refuses requests with a time that is 15 minutes off`, REPAIR)
    : warn(check, `${found}: times and delays are shown wrong by this much`, REPAIR)
}
