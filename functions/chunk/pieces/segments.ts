/** FFmpeg's list of segments -> chunks on the source's timeline, and whether they are the whole of it. Pure. @module */
import type { ChunkTimes } from '../../../runtime/index.ts'
import type { Mode } from '../../media/container.ts'
import { declaredSeconds } from '../../media/declared-length.ts'
import type { MediaInfo, MediaStream } from '../../media/media-info.ts'
import { toMicros } from '../../media/seconds.ts'

/** One line of the list: a file that is final. */
export interface Segment {
  readonly fileName: string
  readonly startSeconds: number
  /** Too early where a picture is shown for long, and with open GOPs: the next one's start is the truth. */
  readonly endSeconds: number
}

/** A manifest with more would be larger than what it describes is worth. */
export const MAX_CHUNKS = 20_000

/** `chunk-00001.mp4,4.004000,8.008000`; `undefined` for anything else. */
export function parseSegment(line: string): Segment | undefined {
  const match = /^(chunk-\d{5,}\.\w+),(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)\r?$/.exec(line)
  if (!match?.[1]) return undefined
  return { fileName: match[1], startSeconds: Number(match[2]), endSeconds: Number(match[3]) }
}

export interface ChunkPlace {
  readonly index: number
  readonly endSeconds: number
  readonly requestedSeconds?: number | undefined
  readonly isIndependent?: boolean | undefined
}

/** Chunk `index` lasts from its own start to `endSeconds`, the start of the next one. */
export function chunkTimes(segment: Segment, at: ChunkPlace): ChunkTimes {
  return {
    index: at.index,
    startSeconds: toMicros(segment.startSeconds),
    ...(at.requestedSeconds !== undefined && { requestedSeconds: toMicros(at.requestedSeconds) }),
    durationSeconds: toMicros(Math.max(0, at.endSeconds - segment.startSeconds)),
    ...(at.isIndependent !== undefined && { independent: at.isIndependent }),
  }
}

export interface Coverage {
  /** The last segment of the list; absent when there is none. */
  readonly last: Segment | undefined
  /** How far FFmpeg's own report went: sound may continue after the last picture, which the list leaves out. */
  readonly mediaSeconds: number | undefined
  /** Where picture and sound end by the tables of the chunks; absent when they have none. */
  readonly tracksSeconds?: number | undefined
  /** The length the source declares; absent if it declares none. */
  readonly declaredSeconds: number | undefined
  /** The length its streams declare: ffprobe 5.1 leaves the wait before a late one out of the length of an MP4. */
  readonly latestSeconds?: number | undefined
  /** The length the file declares: a tag of one stream may be left from an older file. */
  readonly wholeSeconds?: number | undefined
  /** The "declared" length is a guess. */
  readonly isEstimated: boolean
}

export type Verdict =
  | { readonly isWhole: true; readonly endSeconds: number; readonly warning?: string }
  /** `goodSeconds`: how far it could be read before it is cut off. */
  | { readonly isWhole: false; readonly reason: string; readonly goodSeconds?: number }

/** FFmpeg's exit code alone does not prove success: do the chunks add up to the source? */
export function checkTotals(coverage: Coverage): Verdict {
  const { last, mediaSeconds, declaredSeconds, latestSeconds, isEstimated } = coverage
  if (!last) return { isWhole: false, reason: 'no chunk came out: the file has no media that can be cut' }
  // FFmpeg's report reaches to the last subtitle, which may outlast the picture.
  const coveredSeconds = Math.max(last.endSeconds, coverage.tracksSeconds ?? mediaSeconds ?? 0)
  const tells = `the file declares ${seconds(declaredSeconds ?? 0)}, but ${seconds(coveredSeconds)} could be read`
  if (declaredSeconds === undefined || isEstimated) {
    if (coveredSeconds <= 0)
      return { isWhole: false, reason: 'the chunks have no duration: the file has no media' }
    const isFar = declaredSeconds !== undefined && !isNear(coveredSeconds, declaredSeconds)
    const warning = `${tells}: it declares no exact length`
    return { isWhole: true, endSeconds: coveredSeconds, ...(isFar && { warning }) }
  }
  for (const saidSeconds of [declaredSeconds, latestSeconds, coverage.wholeSeconds]) {
    if (saidSeconds !== undefined && isNear(coveredSeconds, saidSeconds))
      return { isWhole: true, endSeconds: Math.max(last.endSeconds, saidSeconds) }
  }
  if (coveredSeconds > declaredSeconds)
    return { isWhole: false, reason: `${tells}: it is damaged: its time stamps are wrong` }
  return { isWhole: false, reason: `${tells}: it is truncated or damaged`, goodSeconds: coveredSeconds }
}

function isNear(coveredSeconds: number, declaredSeconds: number): boolean {
  return Math.abs(coveredSeconds - declaredSeconds) <= Math.max(1, declaredSeconds / 100)
}

/** Containers that give no time to some pictures: FFmpeg makes one up, so a chunk's tables prove nothing about them. */
const UNTIMED = ['avi', 'mpeg', 'mpegts', 'mxf']

/**
 * For how long pictures at the beginning of `next` are shown that lean on `previous` (an open GOP), told by the list: their times
 * lie before its keyframe, so they are missing at the end of `previous`. Undefined when there are none.
 */
export function leanOf(
  previous: Segment,
  next: Segment,
  media: MediaInfo,
  framesPerSecond?: number,
): number | undefined {
  if (framesPerSecond === undefined || !UNTIMED.includes(media.format)) return undefined
  const missing = next.startSeconds - previous.endSeconds
  return missing > 1.5 / framesPerSecond ? missing : undefined
}

/** A table that is damaged can take the last pictures of a file whose sound is whole: the threshold for one stream is lower than for the whole. */
const SHORT_SECONDS = 0.5

/** Streams of which the chunks have less than the file declares, although the whole is as long as it should be. */
export function shortStreams(
  media: MediaInfo,
  kept: readonly MediaStream[],
  endsSeconds: readonly number[],
): readonly string[] {
  return kept.flatMap((stream, place) => {
    // No later than the file itself: Matroska counts the length of a late stream from the beginning of the file.
    // Of a file that declares no length, what was found between its ends may be another stream's.
    const isGuess = media.isDurationEstimated && stream.durationSeconds === undefined
    const declared = isGuess ? undefined : declaredSeconds(media, [stream])
    const end = endsSeconds[place]
    if (declared === undefined || end === undefined) return []
    if (declared - end <= Math.max(SHORT_SECONDS, declared / 100)) return []
    return [
      `stream ${stream.index} (${stream.codec}) ends at ${seconds(end)}, and the file declares that it lasts until ${seconds(declared)}`,
    ]
  })
}

/** Said of a result whose chunks are much longer than asked for. */
export function lengthWarning(
  longestSeconds: number,
  requestedSeconds: number | undefined,
  mode: Mode,
): string | undefined {
  if (requestedSeconds === undefined) return undefined
  if (longestSeconds <= 2 * requestedSeconds) return undefined
  const why = {
    copy: 'without re-encoding (mode "exact"), cuts are only possible at keyframes',
    exact: 'a chunk starts with a picture, and none comes for that long',
  }
  return `the longest chunk lasts ${seconds(longestSeconds)}, more than twice the ${seconds(requestedSeconds)} asked for: ${why[mode]}`
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`
}
