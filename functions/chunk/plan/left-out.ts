/** Parts of a source that its chunks will not have, and why: one warning for each; and why nothing can be cut. Pure. @module */
import type { ChunkPlan, Mode } from '../../media/container.ts'
import type { AudioStream, MediaInfo, MediaStream } from '../../media/media-info.ts'
import { pictureFacts } from '../../media/picture-facts.ts'
import { encodedSound, ENCODED_SAMPLE_RATE } from '../../media/sound.ts'

export interface LeftOutParts {
  readonly mode: Mode
  readonly media: MediaInfo
  readonly document: object
  readonly plan: Pick<ChunkPlan, 'kept' | 'video'>
}

export function leftOut(parts: LeftOutParts): readonly string[] {
  const { mode, media } = parts
  const { chapters } = media
  return [
    ...(chapters > 0
      ? [`${counted(chapters, 'chapter')} of the file ${isOrAre(chapters)} not in the chunks`]
      : []),
    ...(mode === 'exact' ? [...pictureLosses(parts), ...soundLosses(parts)] : []),
  ]
}

/** FFmpeg's names of side data that encoded H.264 cannot carry. */
const NEEDED_BY_PLAYERS: Readonly<Record<string, string>> = {
  'DOVI configuration record': 'Dolby Vision',
  'Spherical Mapping': 'the mapping of its 360° picture',
  'Stereo 3D': 'the layout of its 3D picture',
}

/** Names of the side data that players need to show the picture as intended. */
export function neededByPlayers(sideData: readonly string[]): readonly string[] {
  return sideData.flatMap((name) => NEEDED_BY_PLAYERS[name] ?? [])
}

function pictureLosses({ document, plan: { video } }: LeftOutParts): readonly string[] {
  if (!video) return []
  const { hasAlpha, isInterlaced, sideData } = pictureFacts(document, video.index)
  return [
    ...(hasAlpha
      ? [
          'the picture has transparent parts, which H.264 cannot keep: its chunks are opaque; mode "copy" keeps them',
        ]
      : []),
    ...(isInterlaced && !staysInterlaced(video)
      ? [
          'the picture is interlaced and its chunks are not, because its size or rotation does not allow it: moving edges may show combing; mode "copy" keeps it as it is',
        ]
      : []),
    ...neededByPlayers(sideData).map(
      (what) => `mode "exact" does not keep ${what}; mode "copy" does with FFmpeg 5 or later`,
    ),
  ]
}

/** The encoder wants whole lines of both fields in each block, and a turned picture has its fields side by side. */
export function staysInterlaced({
  height = 0,
  rotation,
}: {
  readonly height?: number
  readonly rotation: number
}): boolean {
  return rotation === 0 && height > 0 && height % 4 === 0
}

function soundLosses({ media, plan: { kept } }: LeftOutParts): readonly string[] {
  return soundsOf(media, kept).flatMap((sound) => {
    const { index, channels = 0, channelLayout, sampleRate = 0 } = sound
    const named = channelLayout === undefined ? '' : ` (${channelLayout})`
    return [
      ...(channels > encodedSound(sound).channels
        ? [
            `stream ${index} has ${channels} channels${named}, and its chunks have ${encodedSound(sound).channels}; mode "copy" keeps them`,
          ]
        : []),
      ...(sampleRate > ENCODED_SAMPLE_RATE
        ? [
            `stream ${index} has ${sampleRate} samples a second, and its chunks have ${ENCODED_SAMPLE_RATE}; mode "copy" keeps them`,
          ]
        : []),
    ]
  })
}

/** The kept sound tracks, in the order in which they are in the chunks. */
export function soundsOf(media: MediaInfo, kept: ChunkPlan['kept']): readonly AudioStream[] {
  return kept.flatMap(({ index }) => media.audio.find((sound) => sound.index === index) ?? [])
}

function counted(count: number, noun: string): string {
  return count === 1 ? `the only ${noun}` : `the ${count} ${noun}s`
}

function isOrAre(count: number): string {
  return count === 1 ? 'is' : 'are'
}

interface RawStream {
  readonly index?: number
  readonly nb_frames?: string
}

/** AMR as some telephones store it: several frames of 20 ms in each sample. */
const FRAME_SECONDS = 0.02
const WHY = 'its AMR has several frames in each sample, which this FFmpeg cannot split'

/**
 * Why such sound is left out, by the number of its stream: no muxer takes it as it is, and the decoders of FFmpeg 5 and 6 make
 * silence of all but its first frames.
 */
export function unreadableAmr(
  document: object,
  sounds: readonly AudioStream[],
  { mode, version }: { readonly mode: Mode; readonly version: string },
): ReadonlyMap<number, string> {
  const { streams = [] } = document as { readonly streams?: readonly RawStream[] }
  const isDecodable = !/^[56]\b/.test(version)
  if (mode === 'exact' && isDecodable) return new Map()
  const packed = sounds.filter(({ index, codec, durationSeconds = 0 }) => {
    const samples = Number(streams.find((stream) => stream.index === index)?.nb_frames)
    return /^amr_[nw]b$/.test(codec) && samples > 0 && durationSeconds / samples > 1.5 * FRAME_SECONDS
  })
  const remedy = isDecodable ? 'mode "exact" can' : 'FFmpeg 7 with mode "exact" can'
  const why = `${WHY}${mode === 'copy' ? ' without decoding it' : ''}: ${remedy}`
  return new Map(packed.map(({ index }) => [index, why]))
}

/** As a sentence without its full stop; `undefined` when it can be cut. */
export function whyNothing(
  media: MediaInfo,
  plan: ChunkPlan | undefined,
  streams: 'all' | 'audio',
): string | undefined {
  const { video, audio } = media
  const refused = video.filter(({ isAccepted = true }) => !isAccepted)
  // A missing picture would be noticed: chunks of the sound only have to be asked for.
  if (streams === 'all' && plan && !plan.video && refused.length > 0)
    return `${named('video', refused)}; streams=audio cuts the sound alone`
  if (plan) return undefined
  if (streams === 'audio') return audio.length > 0 ? named('audio', audio) : 'the file has no audio'
  if (video.length > 0) return named('video', video)
  return audio.length > 0 ? named('audio', audio) : 'the file has neither video nor audio'
}

function named(kind: 'video' | 'audio', streams: readonly MediaStream[]): string {
  const codecs = [...new Set(streams.map(({ codec }) => codec))]
  const known = codecs.filter((codec) => codec !== 'unknown' && codec !== 'none')
  if (known.length > 0) return `its ${kind} codec (${known.join(', ')}) is not accepted here`
  return `its ${kind} has a codec that this FFmpeg does not know: re-encode it with another codec`
}
