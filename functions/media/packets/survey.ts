/**
 * Looks at every packet of a source before it is encoded: whether its clock goes back, and whether its pictures come at even
 * times. Only where it matters, because it reads the whole file.
 * @module
 */
import { PermanentError } from '../../../runtime/index.ts'
import type { FfmpegBinaries } from '../../ffmpeg/build/binaries.ts'
import type { Mode } from '../container.ts'
import { demuxerNamed } from '../../ffmpeg/demuxer.ts'
import { mustHaveSucceeded } from '../../ffmpeg/words/failure.ts'
import type { Inspection } from '../inspect.ts'
import { createJointFinder, type Joints } from './joins.ts'
import type { MediaStream } from '../media-info.ts'
import { readPackets } from './packets.ts'
import { pictureFacts, rateOf } from '../picture-facts.ts'

export interface Survey {
  /** Where recordings were joined; absent if the clock never goes back. */
  readonly joints?: Joints
  /** Each picture comes on the raster of its rate. */
  readonly isEven: boolean
}

/**
 * Formats whose packets carry arbitrary times. In others the times are sums of lengths, so they never go back, and FFmpeg itself
 * follows the clock of MPEG streams. It does so for Ogg too: there only the length is wrong, which is that of the first link.
 */
const FREE_CLOCKS = ['matroska', 'flv', 'asf', 'ogg']
/** Of the time from one picture to the next: Matroska and FLV count in milliseconds. */
const OFF_RASTER = 0.2

export interface SurveyOptions {
  readonly inspection: Inspection
  readonly mode: Mode
  /** Only what comes before the clock goes back is wanted. */
  readonly keepsGoodPart: boolean
  readonly binaries: Pick<FfmpegBinaries, 'hasFpsMode'>
  readonly scratch: string
  readonly signal: AbortSignal
}

/** `undefined` where nothing depends on it. */
export async function surveyOf(options: SurveyOptions): Promise<Survey | undefined> {
  const { inspection, mode, binaries, scratch, signal } = options
  const { media, document, input } = inspection
  if (mode === 'copy') return undefined
  const isClockFree = !options.keepsGoodPart && FREE_CLOCKS.includes(demuxerNamed(media.format) ?? '')
  const [picture] = media.video
  const { evenRate } = picture ? pictureFacts(document, picture.index) : {}
  // Only FFmpeg before 5 works worse on a finer clock than that of whole frames.
  const isEvennessAsked = !binaries.hasFpsMode && evenRate !== undefined
  if (!isClockFree && !isEvennessAsked) return undefined
  const accepted = [...media.video, ...media.audio].filter(({ isAccepted = true }) => isAccepted)
  const streams = accepted.map(({ index }) => index)
  const joints = createJointFinder(streams)
  const raster = createRaster(rateOf(evenRate ?? ''))
  const result = await readPackets(input, streams, {
    scratch,
    signal,
    onPacket(packet) {
      joints.add(packet)
      if (packet.stream === picture?.index) raster.add(packet.pts)
    },
  })
  // If it cannot be read at all, the run that makes the chunks reports it, with the second.
  if (result && result.exitCode !== 0 && inspection.breaksOff === undefined) mustHaveSucceeded(result)
  const found = isClockFree ? joints.end() : undefined
  return { isEven: raster.isEven(), ...(found && { joints: found }) }
}

/**
 * The source as it is cut when it holds several recordings: its declarations are those of the first only.
 *
 * @throws {PermanentError} when its recordings cannot be joined
 */
export function withSurvey(inspection: Inspection, survey: Survey | undefined): Inspection {
  const joints = survey?.joints
  if (!joints) return inspection
  const { media } = inspection
  if (!joints.offsetsSeconds) {
    throw new PermanentError(
      `${jointsText(joints)}, and its streams restart at different times, so it cannot be cut: split it into its recordings first`,
    )
  }
  return {
    ...inspection,
    media: {
      ...media,
      durationSeconds: joints.endSeconds,
      isDurationEstimated: false,
      video: media.video.map(unmeasured),
      audio: media.audio.map(unmeasured),
    },
  }
}

/** Its declarations are those of the first recording only. */
export function unmeasured<T extends MediaStream>(stream: T): T {
  const copy = { ...stream }
  delete (copy as { durationSeconds?: number }).durationSeconds
  return copy
}

export function surveyWarnings(survey: Survey | undefined): readonly string[] {
  return survey?.joints ? [`${jointsText(survey.joints)}: its chunks hold them one after another`] : []
}

function jointsText({ atSeconds }: Joints): string {
  const places = atSeconds.slice(0, 5).map((at) => at.toFixed(1))
  const more = atSeconds.length > places.length ? ` and ${atSeconds.length - places.length} more times` : ''
  return `the file is ${atSeconds.length + 1} recordings joined (its clock goes back at ${places.join(', ')} s${more})`
}

/** Pure but for its own state. */
function createRaster(rate: number) {
  let firstSeconds: number | undefined
  let isEven = rate > 0
  return {
    add(seconds: number | undefined): void {
      if (seconds === undefined) return
      firstSeconds ??= seconds
      const frames = (seconds - firstSeconds) * rate
      isEven &&= Math.abs(frames - Math.round(frames)) <= OFF_RASTER
    },
    isEven: () => isEven,
  }
}
