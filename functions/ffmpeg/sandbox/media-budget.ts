/** The memory and the number of encoders of a worker process, and the share one run of FFmpeg needs. @module */
import { availableParallelism, totalmem } from 'node:os'
import { parseSizeBytes, type Environment } from '../../../runtime/index.ts'
import { createBudget, type Budget, type BudgetOptions, type Needs } from './budget.ts'

/** To find out what is inside, a few pictures are decoded. Measured: 16 MB, and 91 of an 8K clip. */
const COPY_BYTES = 96 * 1024 ** 2
/** The memory an encoder needs besides its pictures. */
const FLOOR_BYTES = 32 * 1024 ** 2
/** Measured with x264 "veryfast" on two cores: 74 to 96 for each pixel. Each core has pictures of its own in decoder and encoder. */
const BYTES_PER_PIXEL = 60
const BYTES_PER_PIXEL_AND_CORE = 20
/** When nothing says how large a picture is: 1920 x 1080. */
const USUAL_PIXELS = 2_073_600

/**
 * The needs of a run, from its arguments: pictures are encoded in the size that `scale` gives them. Pure.
 */
export function needsOf(
  profile: 'copy' | 'encode',
  words: readonly string[],
  cores = availableParallelism(),
): Needs {
  if (profile === 'copy') return { line: 'copy', memoryBytes: COPY_BYTES }
  const filters = words.includes('-vf') ? words[words.indexOf('-vf') + 1] : undefined
  const [, width, height] = /(?:^|,)scale=(\d+):(\d+)/.exec(filters ?? '') ?? []
  const pixels = filters === undefined ? 0 : Number(width ?? 0) * Number(height ?? 0) || USUAL_PIXELS
  const bytesPerPixel = BYTES_PER_PIXEL + cores * BYTES_PER_PIXEL_AND_CORE
  return { line: 'encode', memoryBytes: FLOOR_BYTES + pixels * bytesPerPixel }
}

/** Measured: 47 MB for a take, of which 37 are shared with others. */
const STREAM_BYTES = 64 * 1024 ** 2
const USUAL_STREAMS = 16

/**
 * Kept free for the takes of a receiver on the same machine. They have no place in a line: one lasts for days, and a sender that
 * had to wait would lose what it sends. Half of all is left to the runs, however many streams are allowed.
 */
function streamsShareBytes(env: Environment, ofBytes: number): number {
  const isReceiver = (env['SLUICE_ROLES'] ?? '').split(',').some((role) => role.trim() === 'streams')
  if (!isReceiver) return 0
  const most = Number(env['SLUICE_STREAMS_MAX'] ?? USUAL_STREAMS) || USUAL_STREAMS
  return Math.min(most * STREAM_BYTES, ofBytes / 2)
}

export interface Machine {
  readonly cores: number
  readonly memoryBytes: number
}

/**
 * One worker's part of the machine: half the memory, or SLUICE_MEDIA_MEMORY, less the share of streams that are received on the same
 * machine, and one encoder for each two cores, divided by the workers. Each has one encoder at least, so more workers than half the
 * cores encode more at a time. Pure.
 */
export function budgetOf(env: Environment, { cores, memoryBytes }: Machine): BudgetOptions {
  const half = Math.max(1, Math.floor(cores / 2))
  const workers = Math.max(1, Number(env['SLUICE_WORKERS'] ?? half) || half)
  const given = env['SLUICE_MEDIA_MEMORY']
  const ofAllBytes = given ? parseSizeBytes(given) : memoryBytes / 2
  return {
    memoryBytes: (ofAllBytes - streamsShareBytes(env, ofAllBytes)) / workers,
    encodes: Math.max(1, Math.floor(half / workers)),
  }
}

let own: Budget | undefined

/** Of this process. */
export function mediaBudget(): Budget {
  // A container's limit, where it is lower: Node asks the system. 0 or more than all memory means no limit.
  const limit = process.constrainedMemory() || Infinity
  own ??= createBudget(
    budgetOf(process.env, { cores: availableParallelism(), memoryBytes: Math.min(totalmem(), limit) }),
  )
  return own
}
