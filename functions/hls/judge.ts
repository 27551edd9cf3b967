/** Every check of a presentation, before anything of it can be seen. Pure. @module */
import type { Inspection } from '../media/inspect.ts'
import type { MediaStream } from '../media/media-info.ts'
import * as checks from './checks.ts'
import type { Made } from './make.ts'
import type { PlannedSource } from './plan/plan-source.ts'
import { muxedSound } from './plan/plan.ts'
import { targetSecondsOfAll } from './presentation.ts'

export interface Judged {
  /** Any of them: the presentation is not whole. */
  readonly flaws: readonly string[]
  /** With what can be read of a truncated file, none of them would be one. */
  readonly isIntactPartFine: boolean
  readonly warnings: readonly string[]
}

export function judge(
  { plan, gops }: PlannedSource,
  { pictures, sounds, readPackets, damage }: Omit<Made, 'subtitles'>,
  { media, sizeBytes, isRaggedFine = false }: Pick<Inspection, 'media' | 'sizeBytes' | 'isRaggedFine'>,
  keepsGoodPart: boolean,
): Judged {
  const tracks = [...pictures, ...sounds]
  const targetSeconds = targetSecondsOfAll(tracks)
  const [first, ...otherPictures] = pictures
  const encoded = pictures.filter((_, place) => plan.pictures[place]?.how === 'encode')
  const copied = pictures.filter((_, place) => plan.pictures[place]?.how === 'copy')
  const isCopy = [...plan.pictures, ...plan.sounds].every(({ how }) => how === 'copy')
  const kept: readonly MediaStream[] = [
    ...(plan.picture ? [plan.picture.stream] : []),
    ...plan.sounds.map(({ stream }) => stream),
  ]
  const muxed = muxedSound(plan)
  const framesPerSecond = plan.picture?.stream.framesPerSecond
  const missing = [
    ...copied.map((track) => checks.missingPackets(track, gops?.pictures)),
    ...(muxed ? pictures : sounds).flatMap((track, place) => {
      const sound = muxed ?? plan.sounds[place]
      const read = sound && readPackets.get(sound.stream.index)
      if (sound?.how !== 'copy') return []
      return [
        muxed
          ? checks.missingPackets(
              { name: `the sound of ${track.name}`, samples: track.soundSamples ?? 0 },
              read,
            )
          : checks.missingPackets(track, read),
      ]
    }),
    ...sounds.map((track, place) => {
      const sound = plan.sounds[place]
      return sound?.how === 'encode' ? checks.endsEarly(track, media, sound.stream) : undefined
    }),
    ...pictures.map(({ name, soundEndSeconds }) => {
      const sound =
        soundEndSeconds === undefined
          ? undefined
          : { name: `the sound of ${name}`, endSeconds: soundEndSeconds }
      return sound && muxed?.how === 'encode' ? checks.endsEarly(sound, media, muxed.stream) : undefined
    }),
    // Without a complaint of the decoder its last picture may be one that is shown for long: encoders lose for how long.
    ...encoded.map((track) =>
      damage !== undefined && plan.picture ? checks.endsEarly(track, media, plan.picture.stream) : undefined,
    ),
  ]
  const wrongEnd = keepsGoodPart ? undefined : checks.wrongEnd(tracks, media, kept)
  const isLastPictureShort =
    wrongEnd !== undefined &&
    encoded.length > 0 &&
    damage === undefined &&
    framesPerSecond !== undefined &&
    checks.wrongEnd(tracks, media, kept, 1 / framesPerSecond) === undefined
  const isMissingFine = isRaggedFine || keepsGoodPart
  const broken = present([
    ...tracks.flatMap((track) => [checks.wrongSum(track), checks.overTarget(track, targetSeconds)]),
    ...(first ? otherPictures.map((track) => checks.apart(first, track)) : []),
    ...encoded.slice(1).map((track) => encoded[0] && checks.unequalPictures(encoded[0], track)),
    ...pictures.map((track, place) => {
      const planned = plan.pictures[place]
      return planned && checks.wrongPicture(track, planned, framesPerSecond)
    }),
    ...(isCopy ? [checks.unexplained(tracks, sizeBytes, plan.isTransport)] : []),
  ])
  const lost = present([isLastPictureShort ? undefined : wrongEnd, ...(isMissingFine ? [] : missing)])
  return {
    flaws: [...broken, ...lost],
    isIntactPartFine: broken.length === 0 && !keepsGoodPart,
    warnings: present([
      ...(isMissingFine ? missing : []),
      damage,
      isLastPictureShort ? SHORT_LAST_PICTURE : undefined,
    ]),
  }
}

const SHORT_LAST_PICTURE =
  'the last picture is shown for a moment only: this build of FFmpeg loses how long it lasts'

function present(found: readonly (string | undefined)[]): readonly string[] {
  return found.filter((each) => each !== undefined)
}
