/**
 * Whether the tracks that were made are the whole of their source, and belong together. FFmpeg's exit code alone does not prove it.
 * The segmenter has checked each fragment by itself. Pure: each check returns a sentence's part, or nothing.
 * @module
 */
import { declaredEndSeconds, declaredSeconds, latestSeconds } from '../media/declared-length.ts'
import { endToleranceSeconds } from '../media/ends.ts'
import type { MediaInfo, MediaStream } from '../media/media-info.ts'
import { isUnexplained } from '../media/policy.ts'
import { levelOf } from './plan/level.ts'
import type { PictureTrack } from './plan/plan.ts'
import type { ListedSegment, MadeTrack } from './track-files.ts'

type Timed = Pick<ListedSegment, 'startSeconds' | 'seconds'>
type Flaw = string | undefined

/** Segments follow one another without a gap, and their sum is the track's length. */
export function wrongSum({ name, segments, startSeconds, endSeconds }: MadeTrack): Flaw {
  const sum = segments.reduce((total, { seconds }) => total + seconds, 0)
  if (!segments.every(({ seconds }) => seconds > 0)) return `${name}: a segment lasts no time`
  return Math.abs(sum - (endSeconds - startSeconds)) > 1e-6 * Math.max(1, segments.length)
    ? `${name}: its segments last ${sum.toFixed(6)} s together, and the track ${(endSeconds - startSeconds).toFixed(6)} s`
    : undefined
}

/** RFC 8216, 4.3.3.1. */
export function overTarget(
  { name, segments }: Pick<MadeTrack, 'name' | 'segments'>,
  targetSeconds: number,
): Flaw {
  const long = segments.find(({ seconds }) => Math.round(seconds) > targetSeconds)
  return (
    long && `${name}: ${long.name} lasts ${long.seconds.toFixed(3)} s, and the target is ${targetSeconds}`
  )
}

/** Matroska rounds to a millisecond. */
const APART_SECONDS = 0.002

/** A player switches between renditions at the beginnings of segments. */
export function apart(first: MadeTrack, other: MadeTrack): Flaw {
  if (first.segments.length !== other.segments.length)
    return `${other.name} has ${other.segments.length} segments, and ${first.name} has ${first.segments.length}`
  const differs = (a: Timed, b: Timed | undefined) =>
    Math.abs(a.startSeconds - (b?.startSeconds ?? NaN)) > APART_SECONDS
  const place = first.segments.findIndex((segment, index) => differs(segment, other.segments[index]))
  const [a, b] = [first.segments[place], other.segments[place]]
  return (
    a &&
    b &&
    `segment ${place} of ${other.name} begins at ${b.startSeconds.toFixed(3)} s, and that of ${first.name} at ${a.startSeconds.toFixed(3)} s`
  )
}

/** Of renditions that are encoded from the same decoded pictures. */
export function unequalPictures(first: MadeTrack, other: MadeTrack): Flaw {
  return first.samples === other.samples
    ? undefined
    : `${other.name} has ${other.samples} pictures, and ${first.name} has ${first.samples}`
}

/** @param expected - packets that were read */
export function missingPackets(
  { name, samples }: Pick<MadeTrack, 'name' | 'samples'>,
  expected: number | undefined,
): Flaw {
  return expected === undefined || samples >= expected
    ? undefined
    : `${name} has ${samples} of the ${expected} packets of the file`
}

/**
 * The whole reaches as far as the file declares.
 *
 * @param lastPictureSeconds - how long the last picture is shown, where that may be lost: encoders of 2018 lose it
 */
export function wrongEnd(
  tracks: readonly Pick<MadeTrack, 'endSeconds'>[],
  media: MediaInfo,
  kept: readonly MediaStream[],
  lastPictureSeconds = 0,
): Flaw {
  const declared = declaredSeconds(media, kept)
  if (declared === undefined || media.isDurationEstimated) return undefined
  const end = Math.max(...tracks.map(({ endSeconds }) => endSeconds))
  const said = [declared, latestSeconds(media, kept), media.durationSeconds].filter(
    (each) => each !== undefined,
  )
  const ends = [end, end + lastPictureSeconds]
  if (said.some((each) => ends.some((at) => Math.abs(at - each) <= endToleranceSeconds(each))))
    return undefined
  const tells = `the file declares ${declared.toFixed(1)} s, but ${end.toFixed(1)} s could be read`
  return end > declared
    ? `${tells}: it is damaged: its time stamps are wrong`
    : `${tells}: it is truncated or damaged`
}

/** Of a track that was decoded, whose packets cannot be counted: another track may reach the end of the file all the same. */
export function endsEarly(
  { name, endSeconds }: Pick<MadeTrack, 'name' | 'endSeconds'>,
  media: MediaInfo,
  source: MediaStream,
): Flaw {
  const declared = declaredEndSeconds(media, source)
  if (declared === undefined || declared - endSeconds <= endToleranceSeconds(declared)) return undefined
  return `${name} ends at ${endSeconds.toFixed(1)} s, and the file declares ${declared.toFixed(1)} s of it: what follows could not be decoded`
}

/** The codec's name says its level: `avc1.64001F` is 3.1. */
const LEVEL_AT = 'avc1.6400'.length

export function wrongPicture(
  track: MadeTrack,
  planned: PictureTrack,
  framesPerSecond: number | undefined,
): Flaw {
  if (planned.how === 'copy') return undefined
  const { name, width, height, codec } = track
  // Of a transport stream it is not read.
  const isKnown = width !== undefined && height !== undefined
  if (isKnown && (width !== planned.width || height !== planned.height))
    return `${name} is ${width} x ${height}, and ${planned.width} x ${planned.height} was asked for`
  const level = parseInt(codec.slice(LEVEL_AT, LEVEL_AT + 2), 16) / 10
  const asked = Number(levelOf({ ...planned, framesPerSecond: framesPerSecond ?? 60 }))
  return level > asked ? `${name} has level ${level} of H.264, and ${asked} was asked for` : undefined
}

/** A sample of a few bytes fills a packet of a transport stream. */
const PACKET_BYTES = 188

/** Of a copy: tables may name the same bytes again and again. */
export function unexplained(tracks: readonly MadeTrack[], sourceBytes: number, isTransport = false): Flaw {
  const segments = tracks.flatMap((track) => track.segments)
  const bytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const samples = tracks.reduce((sum, track) => sum + track.samples + (track.soundSamples ?? 0), 0)
  const filledBytes = isTransport ? samples * PACKET_BYTES : 0
  return isUnexplained({ bytes, chunks: segments.length, sourceBytes: sourceBytes + filledBytes })
    ? 'its segments are larger than the file can explain: its tables are damaged'
    : undefined
}
