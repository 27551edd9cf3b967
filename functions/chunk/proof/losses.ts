/**
 * Packets are counted, for every track: what the source declares against what FFmpeg read of it, that against what it handed
 * to the muxer, and that against what the tables of the chunks hold. Pure.
 * @module
 */
import type { ChunkPlan, Mode } from '../../media/container.ts'
import type { Inspection } from '../../media/inspect.ts'
import type { MediaStream } from '../../media/media-info.ts'
import type { DeclaredTrack } from '../../media/bytes/mp4-source.ts'
import type { PacketCounts } from '../../ffmpeg/words/packet-counts.ts'

export interface LossesOptions {
  readonly mode: Mode
  readonly inspection: Pick<Inspection, 'declared'>
  readonly plan: Pick<ChunkPlan, 'kept' | 'video' | 'container'>
  /** Absent when FFmpeg did not end by itself. */
  readonly counts: PacketCounts | undefined
  /** Of each track in the order of the output, by the tables of the chunks; empty where they have none. */
  readonly written: readonly number[]
  /** Of these, what the edit lists of the chunks hide. */
  readonly hidden: readonly number[]
  /** The end of the source was left out on purpose. */
  readonly isCutOff: boolean
}

export interface Loss {
  readonly stream: MediaStream
  /** Where it happened. */
  readonly at: 'read' | 'encoded' | 'written'
  readonly expected: number
  readonly found: number
}

/** Sound of which a packet is one sample of the tables, in every container and build: not PCM, and not codecs whose packets are regrouped. */
const COUNTED_SOUND = ['aac', 'mp3', 'ac3', 'alac', 'opus', 'vorbis', 'flac']

/** The first place on its way where a stream lost something; none for a stream that is all there. */
export function lossesOf(options: LossesOptions): readonly Loss[] {
  return options.plan.kept.flatMap((stream, place) => {
    const steps = stepsOf(stream, place, options)
    const found = steps.find((step) => step.found < step.expected)
    return found ? [{ stream, ...found }] : []
  })
}

type Step = Omit<Loss, 'stream'>

function stepsOf(
  stream: MediaStream,
  place: number,
  { mode, inspection, plan, counts, written, isCutOff }: LossesOptions,
): readonly Step[] {
  const isPicture = stream === plan.video
  const isCounted = isPicture || COUNTED_SOUND.includes(stream.codec)
  const read = counts?.read.get(stream.index)
  const muxed = counts?.muxed.get(place)
  const step = (at: Step['at'], expected: number | undefined, found: number | undefined) =>
    expected === undefined || found === undefined ? [] : [{ at, expected, found }]
  const tracks = written[place]
  const declared = isCounted ? shownBy(inspection, stream) : undefined
  if (mode === 'exact') {
    return [
      ...step('read', declared, read?.packets),
      // One picture out for each one in. Sound is cut into packets of another length.
      ...(isPicture && !isCutOff ? step('encoded', read?.decoded, muxed?.encoded) : []),
      ...(isPicture ? step('written', muxed?.encoded, tracks ?? muxed?.packets) : []),
    ]
  }
  return [
    ...step('read', declared, read?.packets),
    ...step('written', isCutOff ? declared : read?.packets, muxed?.packets),
    ...(isCounted ? step('written', muxed?.packets, tracks) : []),
  ]
}

/** The packets that the source's tables declare and its edit list shows; packets that edits repeat or leave out are not counted. */
function shownBy(inspection: LossesOptions['inspection'], stream: MediaStream): number | undefined {
  const track = trackOf(inspection, stream)
  return track && track.packets - track.hiddenBefore - track.hiddenAfter
}

function trackOf(
  { declared }: LossesOptions['inspection'],
  { index }: MediaStream,
): DeclaredTrack | undefined {
  const track = declared?.get(index)
  return track && track.packets > 0 && track.edits <= 1 ? track : undefined
}

/** Warnings for packets that the source's edit list hides and the chunks show; or that they leave out, where that is most of a stream. */
export function hiddenWarnings(options: LossesOptions): readonly string[] {
  const { mode, inspection, plan, written, hidden } = options
  return plan.kept.flatMap((stream, place) => {
    const track = trackOf(inspection, stream)
    if (!track) return []
    const isPicture = stream === plan.video
    const name = `stream ${stream.index} (${stream.codec})`
    const shown = track.packets - track.hiddenBefore - track.hiddenAfter
    const inChunks = written[place]
    const isCounted = isPicture && mode === 'copy' && inChunks !== undefined
    const extra = isCounted ? inChunks - (hidden[place] ?? 0) - shown : 0
    if (extra > 0)
      return [
        `${name}: ${pictures(extra)} that the file's edit list hides can be seen in the chunks; mode "exact" leaves them out`,
      ]
    const left = track.packets - shown
    const what = isPicture ? 'pictures' : 'packets'
    return left > shown
      ? [
          `${name}: the file's edit list hides ${left} of its ${track.packets} ${what}: they are not in the chunks`,
        ]
      : []
  })
}

/** A second of a stream, or one part in a hundred: what may be missing of it without its being torn. */
const MAX_PART = 0.01
const MAX_SECONDS = 1

/**
 * Every stream lacks so much that the file cannot be called whole. Pictures that share a time with another one were all
 * there to be decoded: that only one of them is encoded says nothing against the file.
 */
export function isTorn(losses: readonly Loss[], kept: readonly MediaStream[], seconds: number): boolean {
  return kept.every((stream) => {
    const loss = losses.find((each) => each.stream === stream)
    if (!loss || loss.at === 'encoded') return false
    const part = 1 - loss.found / loss.expected
    return part > MAX_PART && part * seconds > MAX_SECONDS
  })
}

export function lossWarning({ stream: { index, codec }, at, expected, found }: Loss): string {
  const name = `stream ${index} (${codec})`
  const lost = expected - found
  if (at === 'read')
    return `${name}: ${found} of the ${expected} packets that the file declares could be read`
  if (at === 'encoded')
    return `${name}: ${found} of its ${expected} pictures are in the chunks; ${lost} came at the same time as another`
  return `${name}: ${found} of the ${expected} packets that were read are in the chunks`
}

export function tornReason(losses: readonly Loss[]): string {
  return `${losses.map(lossWarning).join('; ')}: the file is truncated or damaged`
}

function pictures(count: number): string {
  return count === 1 ? '1 picture' : `${count} pictures`
}
