/** A request -> where to cut this file. Looks at its packets, and at its silences, only when it must. @module */
import { PermanentError } from '../../../runtime/index.ts'
import type { Cuts } from '../../ffmpeg/arguments.ts'
import type { ChunkPlan, Mode } from '../../media/container.ts'
import { cutsByBytes, equalParts, nearestCuts } from './cut-points.ts'
import type { Inspection } from '../../media/inspect.ts'
import { listPackets, type Group, type Listing } from '../../media/packets/listing.ts'
import { soundsOf } from './left-out.ts'
import type { MediaInfo } from '../../media/media-info.ts'
import type { FfmpegProgress } from '../../ffmpeg/run/progress.ts'
import type { Request } from './request.ts'
import { declaredSeconds } from '../../media/declared-length.ts'
import { findSilences } from '../../media/packets/silence.ts'
import { encodedSound } from '../../media/sound.ts'

export interface CutPlan {
  readonly cuts: Cuts
  /** How much earlier than a cut its keyframe may come, when packets are copied. */
  readonly earlySeconds: number
  /** How long a piece is about. */
  readonly seconds: number
  /** The requested length in the manifest; absent if no length was requested. */
  readonly requestedSeconds?: number
  /** So many, or fewer with a warning where only keyframes can be cut at. */
  readonly parts?: number
  readonly limitBytes?: number
  /** Of an encoded picture, so that pieces fit. */
  readonly pictureBitRate?: number
}

export interface CutPlanParts {
  readonly request: Request
  readonly mode: Mode
  readonly inspection: Inspection
  readonly plan: ChunkPlan
  readonly scratch: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: FfmpegProgress) => void
}

/** A list of times is one argument, which the kernel limits to 128 KiB. */
const MAX_TIMES = 9_000
/** Grid cuts of copied packets: a keyframe that comes this much too early is in time; less where each picture is one. */
const GRID_EARLY_SECONDS = 0.05
const GRID_EARLY_FRAMES = 0.4
/** Cuts at known keyframes: rounding, and half a packet. */
const KNOWN_EARLY_SECONDS = 0.005
/** By how much AAC may exceed its rate for a while. */
const SOUND_EXCESS = 1.1
/** Share of a limit: the rest is for tables, and for exceeding the rate. */
const USED = 0.9
/** Bits per pixel: more than `-crf 23` takes of any but the most restless pictures. */
const PICTURE_BITS = 0.15
const LOWEST_PICTURE_BIT_RATE = 100_000
const [SHORTEST_SECONDS, LONGEST_SECONDS] = [2, 600]

/** @throws {PermanentError} when it cannot be done, with what can be asked for instead */
export async function planCuts(parts: CutPlanParts): Promise<CutPlan> {
  const { request } = parts
  if (request.by === 'seconds') {
    const { seconds } = request
    const cuts = { everySeconds: seconds }
    const frameSeconds = 1 / (parts.plan.video?.framesPerSecond ?? 1)
    const earlySeconds = Math.min(GRID_EARLY_SECONDS, GRID_EARLY_FRAMES * frameSeconds)
    return { cuts, seconds, requestedSeconds: seconds, earlySeconds }
  }
  return request.by === 'parts' ? byParts(parts, request.parts) : byBytes(parts, request.bytes)
}

async function byParts(parts: CutPlanParts, count: number): Promise<CutPlan> {
  const { mode, inspection, plan } = parts
  const { video } = plan
  const { media } = inspection
  // Pieces begin with pictures, so there can be none after the last one.
  const saidSeconds = media.isDurationEstimated
    ? undefined
    : declaredSeconds(media, video ? [video] : plan.kept)
  const listing = mode === 'copy' || saidSeconds === undefined ? await list(parts) : undefined
  const wholeSeconds = saidSeconds ?? listing?.endSeconds ?? 0
  if (wholeSeconds <= 0) throw new PermanentError('the file has no duration, so it cannot be cut into parts')
  const seconds = wholeSeconds / count
  const wanted = equalParts(count, wholeSeconds)
  const atSeconds = mode === 'copy' ? nearestCuts(listing?.groups ?? [], wanted) : wanted
  return {
    cuts: { atSeconds },
    seconds,
    requestedSeconds: seconds,
    parts: count,
    earlySeconds: KNOWN_EARLY_SECONDS,
  }
}

async function byBytes(parts: CutPlanParts, limitBytes: number): Promise<CutPlan> {
  const { mode, plan, inspection } = parts
  if (mode === 'exact' && plan.video) return encodedByBytes(parts, limitBytes)
  const listing =
    mode === 'copy'
      ? await list(parts)
      : evenListing(parts, inspection.media.durationSeconds ?? (await list(parts)).endSeconds)
  const sum = listing.groups.reduce((bytes, group) => bytes + group.bytes, 0)
  const [first] = plan.kept
  const isCutInSound = !plan.video && first !== undefined && sum > limitBytes
  const silences = isCutInSound
    ? await findSilences({ ...parts, input: inspection.input, stream: first.index })
    : []
  const streams = plan.kept.length + plan.subtitles.length
  const found = cutsByBytes({ ...listing, limitBytes, streams, silences })
  if (!found.isPossible) {
    const [from, to] = [found.startSeconds.toFixed(1), found.endSeconds.toFixed(1)]
    throw new PermanentError(
      `from ${from} s to ${to} s the file takes ${found.bytes} bytes and cannot be cut without re-encoding, so no piece can be within ${limitBytes} bytes: choose a larger "bytes", or "mode=exact"`,
    )
  }
  const { atSeconds } = found
  if (atSeconds.length > MAX_TIMES) throw tooManyPieces(limitBytes)
  const seconds = listing.endSeconds / (atSeconds.length + 1)
  return { cuts: { atSeconds }, seconds, limitBytes, earlySeconds: KNOWN_EARLY_SECONDS }
}

/** Pieces of even length, at a bit rate with which they fit; one that does not fit is cut again at a keyframe inside it. */
function encodedByBytes({ plan: { video, kept }, inspection }: CutPlanParts, limitBytes: number): CutPlan {
  const { width = 0, height = 0, framesPerSecond = 60 } = video ?? {}
  const soundBitRate = encodedBitRate(inspection.media, kept)
  const usualBitRate = Math.max(LOWEST_PICTURE_BIT_RATE, width * height * framesPerSecond * PICTURE_BITS)
  const bits = limitBytes * 8 * USED
  const seconds = Math.min(
    LONGEST_SECONDS,
    Math.max(SHORTEST_SECONDS, Math.floor(bits / (usualBitRate + soundBitRate))),
  )
  const pictureBitRate = Math.min(usualBitRate, bits / seconds - soundBitRate)
  if (pictureBitRate < LOWEST_PICTURE_BIT_RATE) {
    throw new PermanentError(
      `${limitBytes} bytes are too few for ${SHORTEST_SECONDS} s of picture and sound: choose a larger "bytes"`,
    )
  }
  return {
    cuts: { everySeconds: seconds },
    seconds,
    limitBytes,
    pictureBitRate,
    earlySeconds: GRID_EARLY_SECONDS,
  }
}

/** Of sound that is encoded at one rate all the time. */
function evenListing({ plan, inspection }: CutPlanParts, endSeconds: number): Listing {
  const STEP_SECONDS = 0.25
  const bytes = (encodedBitRate(inspection.media, plan.kept) * STEP_SECONDS) / 8 / USED
  const groups: Group[] = Array.from({ length: Math.ceil(endSeconds / STEP_SECONDS) }, (_, step) => ({
    startSeconds: step * STEP_SECONDS,
    bytes,
  }))
  return { groups, endSeconds }
}

/** Bits per second that `exact` gives all sound tracks together. */
function encodedBitRate(media: MediaInfo, kept: ChunkPlan['kept']): number {
  return soundsOf(media, kept).reduce((sum, sound) => sum + encodedSound(sound).bitRate * SOUND_EXCESS, 0)
}

function list({ inspection, plan, scratch, signal }: CutPlanParts): Promise<Listing> {
  const [reference, ...others] = plan.kept.map(({ index }) => index)
  return listPackets({
    input: inspection.input,
    reference: reference ?? 0,
    others: [...others, ...plan.subtitles.map(({ stream }) => stream.index)],
    startSeconds: inspection.media.startSeconds ?? 0,
    scratch,
    signal,
  })
}

function tooManyPieces(limitBytes: number): PermanentError {
  return new PermanentError(
    `more than ${MAX_TIMES} pieces of ${limitBytes} bytes: choose a larger "bytes" or upload a shorter file`,
  )
}
