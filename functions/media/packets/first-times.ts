/** When each stream of a file begins, by its own packets: for what only `dump.ts` describes, which has no such times. @module */
import { plainListingArguments } from '../../ffmpeg/arguments.ts'
import { runFfmpeg, type FfmpegOptions } from '../../ffmpeg/run/ffmpeg.ts'
import type { MediaInput } from '../../ffmpeg/media-input.ts'
import { createPlainLines } from './plain-listing.ts'

/** A stream that has not begun after so many packets of others begins late: nothing is known of it. */
const MAX_PACKETS = 5_000
/** Of each stream so many packets are looked at: the first one to come may not be the first one to be shown. */
const PACKETS_EACH = 4

class Enough extends Error {
  override readonly name = 'Enough'
}

/** In seconds, by the number of the stream. An unreadable file has none: the run that reads all of it reports why. */
export async function firstTimes(
  input: MediaInput,
  streams: readonly number[],
  where: Pick<FfmpegOptions, 'cwd' | 'signal'>,
): Promise<ReadonlyMap<number, number>> {
  const times = new Map<number, number>()
  const seen = new Map<number, number>()
  const toLine = createPlainLines(streams)
  let packets = 0
  const add = (line: string) => {
    const [index, shown] = (toLine(line) ?? '').split(',')
    if (!index) return
    const stream = Number(index)
    const seconds = Number(shown)
    if (Number.isFinite(seconds)) times.set(stream, Math.min(times.get(stream) ?? Infinity, seconds))
    seen.set(stream, (seen.get(stream) ?? 0) + 1)
    const isEnough = streams.every((each) => (seen.get(each) ?? 0) >= PACKETS_EACH)
    if (isEnough || ++packets > MAX_PACKETS) throw new Enough('all that is wanted is known')
  }
  const list = plainListingArguments(input, streams)
  await runFfmpeg({ tool: 'ffmpeg', profile: 'probe', arguments: list, ...where, onLine: add }).catch(
    (error: unknown) => {
      if (!(error instanceof Enough)) throw error
    },
  )
  return times
}
