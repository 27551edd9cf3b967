/** Whether a presentation can be made from the tables of its source alone, and of which tracks. @module */
import type { Inspection } from '../../media/inspect.ts'
import { readMoov } from '../../media/bytes/mp4-source.ts'
import type { Plan } from '../plan/plan.ts'
import { objectionTo } from './fragments.ts'
import { initOf } from './init.ts'
import { tableTrack, type TableTrack } from './track.ts'

/** More are left to FFmpeg: they are looked at one by one, and meanwhile a worker does nothing else. */
const MAX_SAMPLES = 4_000_000

export interface TableCopy {
  /** Pictures, then sounds, in the order of the plan. */
  readonly tracks: readonly { readonly track: TableTrack; readonly init: Buffer }[]
}

/**
 * @param read - up to `count` bytes of the source from `start` on
 * @returns `undefined` where FFmpeg is needed: for anything that is not copied, and for files whose tables leave a question
 */
export async function planCopy(
  plan: Plan,
  { media, declared, sizeBytes, input }: Inspection,
  read: (start: number, count: number) => Promise<Buffer>,
): Promise<TableCopy | undefined> {
  const { picture, pictures, sounds, subtitles, isTransport = false } = plan
  const isPlain =
    [...pictures, ...sounds].every(({ how }) => how === 'copy') &&
    subtitles.length === 0 &&
    !isTransport &&
    (picture === undefined || (picture.stream.codec === 'h264' && picture.stream.rotation === 0)) &&
    sounds.every(({ stream }) => stream.codec === 'aac') &&
    (media.startSeconds ?? 0) === 0 &&
    input.hasForeign !== true
  const moov = isPlain && declared ? await readMoov(read, sizeBytes) : undefined
  if (!moov) return undefined
  const streams = [...(picture ? [picture.stream] : []), ...sounds.map(({ stream }) => stream)]
  const tracks = streams.map(({ index }) => {
    const known = declared?.get(index)
    const track = known && tableTrack(moov, known)
    const init = track && initOf(track)
    return track && init ? { track, init } : undefined
  })
  const samples = tracks.reduce((sum, each) => sum + (each?.track.packets ?? 0), 0)
  if (samples > MAX_SAMPLES) return undefined
  const isFine = (each: (typeof tracks)[number]): each is TableCopy['tracks'][number] =>
    each !== undefined && objectionTo(each.track, sizeBytes) === undefined
  return tracks.every(isFine) ? { tracks } : undefined
}
