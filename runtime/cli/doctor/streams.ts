/** The reception of streams, where this machine has that role: its spool, and its receiver. @module */
import { mkdir, mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { formatBytes } from '../../amounts.ts'
import { messageOf } from '../../errors.ts'
import { shellWord } from '../../telemetry/safe-text.ts'
import { SECOND_MS, stretched } from '../../time.ts'
import { durationText } from '../terminal/amounts.ts'
import { fail, ok, warn, type Finding, type Findings } from './finding.ts'
import { isHere, localStart, type Subject } from './subject.ts'

/** As an encoder sends a picture of 1080p: 5 Mbit/s. */
const USUAL_BYTES_PER_SECOND = 625_000
/** One stream may use so much of the spool. */
const PART_OF_A_STREAM = 1 / 4
/** Below this much free space of its disk the spool drops pieces, whatever its limit is. */
const KEPT_FREE = 0.05
const SHORT_SECONDS = 120
const OTHERS = 0o077

export async function* checkStreams(subject: Subject): Findings {
  if (!subject.config.roles.includes('streams')) return
  yield* checkSpool(subject.config.streams)
  yield await checkReceiver(subject)
}

async function* checkSpool({ spoolDir, spoolLimitBytes }: Subject['config']['streams']): Findings {
  try {
    await mkdir(spoolDir, { recursive: true, mode: 0o700 })
    const folder = await mkdtemp(join(spoolDir, '.doctor-'))
    try {
      await writeFile(join(folder, 'file'), 'doctor')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const { bavail, bsize, blocks } = await statfs(spoolDir)
    yield judgeSpool({ spoolDir, spoolLimitBytes, freeBytes: bavail * bsize, diskBytes: blocks * bsize })
    const { mode } = await stat(spoolDir)
    if ((mode & OTHERS) !== 0)
      yield warn(
        'spool folder',
        `other users of this machine can enter ${spoolDir} (${(mode & 0o777).toString(8)}), which has pieces of streams`,
        `chmod 700 ${shellWord(spoolDir)}`,
      )
  } catch (error) {
    yield fail(
      'spool',
      `${spoolDir} (SLUICE_STREAMS_SPOOL_DIR) is not writable, so no stream is received: ${messageOf(error)}`,
      `sudo install -d -m 700 -o "$USER" ${shellWord(spoolDir)}`,
    )
  }
}

export interface SpoolFacts {
  readonly spoolDir: string
  readonly spoolLimitBytes: number
  readonly freeBytes: number
  readonly diskBytes: number
}

/** For how long a stream is received while MinIO is away. */
export function judgeSpool({ spoolDir, spoolLimitBytes, freeBytes, diskBytes }: SpoolFacts): Finding {
  const usableBytes = Math.max(0, freeBytes - diskBytes * KEPT_FREE)
  const roomBytes = Math.min(spoolLimitBytes, usableBytes) * PART_OF_A_STREAM
  const lastsMs = Math.floor(roomBytes / USUAL_BYTES_PER_SECOND) * SECOND_MS
  const found = `${spoolDir} holds ${lastsMs === 0 ? 'nothing' : durationText(lastsMs)} of a stream of 5 Mbit/s while MinIO is away (limit ${formatBytes(spoolLimitBytes)}, ${formatBytes(freeBytes)} free)`
  if (usableBytes < spoolLimitBytes)
    return (lastsMs < SHORT_SECONDS * SECOND_MS ? fail : warn)(
      'spool',
      `${found}: its disk has less room than the limit`,
      'export SLUICE_STREAMS_SPOOL_DIR=/a/larger/disk',
    )
  if (lastsMs < SHORT_SECONDS * SECOND_MS)
    return warn('spool', `${found}: a short outage loses media`, 'export SLUICE_STREAMS_SPOOL_LIMIT=2GiB')
  return ok('spool', found)
}

const healthSchema = z.object({ bodyLimitMs: z.number() })

/** Node ends every body after five minutes, unless its server has no such limit: a stream would be cut again and again. */
async function judgeHealth(url: string): Promise<Finding> {
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(stretched(5 * SECOND_MS)) })
  const health = healthSchema.safeParse(await response.json().catch(() => undefined))
  if (!health.success) return fail('receiver', `another program answers at ${url}`, `curl ${url}/healthz`)
  const { bodyLimitMs } = health.data
  return bodyLimitMs === 0
    ? ok('receiver', `${url}/v1/streams/ is ready, and ends no stream by itself`)
    : fail('receiver', `${url} ends every stream after ${durationText(bodyLimitMs)} (requestTimeout)`)
}

async function checkReceiver({ config, invocation }: Subject): Promise<Finding> {
  const { host, port } = config.streams
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  const url = `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
  const start = isHere(new URL(url).hostname) ? localStart(invocation) : undefined
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(stretched(5 * SECOND_MS)) })
    const text = await response.text()
    if (response.ok) return await judgeHealth(url)
    return fail('receiver', `${url} is not ready: ${text.slice(0, 300)}`, `curl ${url}/readyz`)
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException }
    return fail(
      'receiver',
      `nothing receives streams at ${url}: ${cause?.code ?? messageOf(error)}. Start the runtime, or set SLUICE_STREAMS_PORT`,
      start ?? `${invocation} start`,
    )
  }
}
