/** Why a file cannot be cut as it was asked for, before anything is made of it. Pure. @module */
import type { ChunkPlan } from '../media/container.ts'
import type { MediaInfo, MediaStream } from '../media/media-info.ts'

/** As a sentence without its full stop; `undefined` when it can be cut. */
export function whyNothing(
  media: MediaInfo,
  plan: ChunkPlan | undefined,
  streams: 'all' | 'audio',
): string | undefined {
  const { video, audio } = media
  const refused = video.filter(({ isAccepted = true }) => !isAccepted)
  // A picture that is left out would be missed: chunks of its sound alone are what somebody has to ask for.
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
  return `its ${kind} has a codec that this FFmpeg does not know: bring it in another one`
}
