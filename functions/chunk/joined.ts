/** Several recordings of one file, described and placed as one. Pure. @module */
import { PermanentError, type ChunkTimes, type Progress } from '../../runtime/index.ts'
import type { MediaInfo } from '../media/media-info.ts'
import type { Recording } from './recordings.ts'
import type { Request } from './plan/request.ts'
import { toMicros } from '../media/seconds.ts'
import { unmeasured } from '../media/packets/survey.ts'

/** Their total length; `undefined` if one declares none. */
function lengthOfAll(recordings: readonly Recording[]): number | undefined {
  const sum = recordings.reduce(
    (seconds, { inspection }) => seconds + (inspection.media.durationSeconds ?? NaN),
    0,
  )
  return Number.isNaN(sum) ? undefined : toMicros(sum)
}

/**
 * The request for one of them: its share of the parts of the whole, at least one.
 *
 * @throws {PermanentError} when the length of the parts is unknown
 */
export function requestOfEach(
  request: Request,
  recordings: readonly Recording[],
  recording: Recording,
): Request {
  if (recordings.length === 1 || request.by !== 'parts') return request
  const wholeSeconds = lengthOfAll(recordings) ?? 0
  const { durationSeconds = 0 } = recording.inspection.media
  if (wholeSeconds <= 0) {
    throw new PermanentError(
      'the total length of the recordings in this file is unknown, so it cannot be cut into equal parts: choose "seconds", or "mode=exact"',
    )
  }
  return { by: 'parts', parts: Math.max(1, Math.round((request.parts * durationSeconds) / wholeSeconds)) }
}

/** The first one's description, with the total length. */
export function mediaOfAll(recordings: readonly Recording[]): MediaInfo | undefined {
  const [first] = recordings
  if (!first || recordings.length === 1) return first?.inspection.media
  const { durationSeconds: _, ...media } = first.inspection.media
  const seconds = lengthOfAll(recordings)
  return {
    ...media,
    ...(seconds !== undefined && { durationSeconds: seconds }),
    video: media.video.map(unmeasured),
    audio: media.audio.map(unmeasured),
  }
}

/** A report of one recording as one of all of them. */
export function progressOfAll(
  send: (progress: Progress) => void,
  recordings: readonly Recording[],
  offsetSeconds: number,
): (progress: Progress) => void {
  if (recordings.length === 1) return send
  const whole = lengthOfAll(recordings)
  return ({ mediaSeconds, speed }) => {
    const seconds = offsetSeconds + (mediaSeconds ?? 0)
    const percent = whole ? Math.min(100, Math.round((seconds / whole) * 1_000) / 10) : undefined
    const shared = { mediaSeconds: seconds, ...(percent !== undefined && { percent }) }
    send({ ...shared, ...(speed !== undefined && { speed }) })
  }
}

/** A chunk of one recording in its place among those of all. */
export function placed<C extends { readonly fileName: string; readonly times: ChunkTimes }>(
  chunk: C,
  { index, offsetSeconds }: { readonly index: number; readonly offsetSeconds: number },
): C {
  const startSeconds = toMicros(offsetSeconds + chunk.times.startSeconds)
  return {
    ...chunk,
    fileName: chunk.fileName.replace(/\d{5,}/, String(index).padStart(5, '0')),
    times: { ...chunk.times, index, startSeconds },
  }
}

interface Joined {
  readonly recordings: readonly Recording[]
  /** Of those that were cut. */
  readonly startsSeconds: readonly number[]
  readonly chunks: number
  readonly request: Request
}

/** Places that a warning names; the rest is only counted. */
const MAX_PLACES = 5

export function joinedWarnings({ recordings, startsSeconds, chunks, request }: Joined): readonly string[] {
  const count = recordings.length
  if (count === 1) return []
  const starts = startsSeconds.slice(1)
  const places = starts.slice(0, MAX_PLACES).map((at) => at.toFixed(1))
  const more = starts.length > MAX_PLACES ? ` and ${starts.length - MAX_PLACES} more places` : ''
  const where = places.length > 0 ? `, at ${places.join(', ')} s${more}` : ''
  const left = count - startsSeconds.length
  const isOther = request.by === 'parts' && request.parts !== chunks
  return [
    `the file is ${count} recordings joined (a chained Ogg${where}): each starts a new chunk; mode "exact" cuts across them`,
    ...(left > 0
      ? [`the last ${left} of ${count} recordings are left out: the one before them is truncated`]
      : []),
    ...(isOther ? [`${request.parts} parts were asked for, and for that reason there are ${chunks}`] : []),
  ]
}
