/** What a source has and its chunks will not have: one warning for each, before anything is made. Pure. @module */
import type { ChunkPlan, Mode } from '../media/container.ts'
import type { AudioStream, MediaInfo } from '../media/media-info.ts'
import { pictureFacts } from '../media/picture-facts.ts'
import { encodedSound, ENCODED_SAMPLE_RATE } from '../media/sound.ts'

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

/** FFmpeg's names of what H.264 of an encoder has no place for. */
const NEEDED_BY_PLAYERS: Readonly<Record<string, string>> = {
  'DOVI configuration record': 'Dolby Vision',
  'Spherical Mapping': 'the mapping of its 360° picture',
  'Stereo 3D': 'the layout of its 3D picture',
}

/** What players need to show the picture as it is meant, in words. */
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
          'the picture is interlaced, and its chunks are not, since its size or rotation does not allow it: moving edges may show combs; mode "copy" keeps it as it is',
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
