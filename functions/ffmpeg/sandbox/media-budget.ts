/** The memory and the numbers of encoders and decoders of a worker process, and the share one run of FFmpeg needs. @module */
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

/** The memory a decoder needs besides its pictures; that of sound needs no more. */
const DECODER_BYTES = 64 * 1024 ** 2
/** Measured with H.264 of 1920 x 1080 and 7680 x 4320: 11 for each pixel with one thread, and 4 with each further one. */
const BYTES_PER_DECODED_PIXEL = 10
const BYTES_PER_DECODED_PIXEL_AND_THREAD = 4

export interface NeedsOptions {
  /** Of a picture of each input that is decoded. @defaultValue 0, as for sound, and for pictures that are encoded in their own size */
  readonly sourcePixels?: number | undefined
  /** @defaultValue those of this machine */
  readonly cores?: number
}

/**
 * The needs of a run, from its arguments: pictures are encoded in the sizes that `scale` gives them, each of them if there are
 * several. Pure.
 */
export function needsOf(
  profile: 'copy' | 'decode' | 'encode',
  words: readonly string[],
  { sourcePixels = 0, cores = availableParallelism() }: NeedsOptions = {},
): Needs {
  if (profile === 'copy') return { line: 'copy', memoryBytes: COPY_BYTES }
  if (profile === 'encode') {
    const bytesPerPixel = BYTES_PER_PIXEL + cores * BYTES_PER_PIXEL_AND_CORE
    const pixels = encodedPixels(words)
    // A decoder of pictures no larger than the encoded ones is in what was measured.
    const decodedBytes = Math.max(0, sourcePixels - pixels) * decoderBytesPerPixel(cores)
    return { line: 'encode', memoryBytes: FLOOR_BYTES + pixels * bytesPerPixel + decodedBytes }
  }
  const threads = Number(words[words.indexOf('-threads') + 1]) || cores
  const bytesPerPixel = decoderBytesPerPixel(threads)
  const inputs = words.filter((word) => word === '-i').length
  return { line: 'decode', memoryBytes: DECODER_BYTES + inputs * sourcePixels * bytesPerPixel }
}

function decoderBytesPerPixel(threads: number): number {
  return BYTES_PER_DECODED_PIXEL + threads * BYTES_PER_DECODED_PIXEL_AND_THREAD
}

const PICTURE_FILTERS = ['-vf', '-filter:v']
const GRAPHS = ['-filter_complex', '-lavfi']

function encodedPixels(words: readonly string[]): number {
  const after = (options: readonly string[]) => words.filter((_, at) => options.includes(words[at - 1] ?? ''))
  const sizes = [...after(PICTURE_FILTERS), ...after(GRAPHS)].flatMap((graph) => [
    ...graph.matchAll(/(?:^|[,;\]])scale=(?:w=)?(\d+):(?:h=)?(\d+)/g),
  ])
  const sum = sizes.reduce((pixels, [, width, height]) => pixels + Number(width) * Number(height), 0)
  // A graph may be of sound alone.
  const hasPicture = after(PICTURE_FILTERS).length > 0 || (after(GRAPHS).length > 0 && words.includes('-c:v'))
  return sum || (hasPicture ? USUAL_PIXELS : 0)
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
 * machine, and one encoder and one decoder for each two cores, divided by the workers. Each has one of both at least, so more workers
 * than half the cores encode more at a time. Pure.
 */
export function budgetOf(env: Environment, { cores, memoryBytes }: Machine): BudgetOptions {
  const half = Math.max(1, Math.floor(cores / 2))
  const workers = Math.max(1, Number(env['SLUICE_WORKERS'] ?? half) || half)
  const given = env['SLUICE_MEDIA_MEMORY']
  const ofAllBytes = given ? parseSizeBytes(given) : memoryBytes / 2
  return {
    memoryBytes: (ofAllBytes - streamsShareBytes(env, ofAllBytes)) / workers,
    encodes: Math.max(1, Math.floor(half / workers)),
    decodes: Math.max(1, Math.floor(half / workers)),
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
