/**
 * Every packet of a file, one after the other: as ffprobe lists them, or as FFmpeg copies them where ffprobe would open a decoder
 * that is not accepted. What callers look for is in the files beside this one.
 * @module
 */
import { listingArguments, plainListingArguments } from '../../ffmpeg/arguments.ts'
import type { MediaInput } from '../../ffmpeg/media-input.ts'
import { runFfmpeg, type FfmpegOptions } from '../../ffmpeg/run/ffmpeg.ts'
import type { FfmpegResult } from '../../ffmpeg/words/result.ts'

/** Times are in seconds on the timeline of the file; undefined where they are not known. */
export interface Packet {
  readonly stream: number
  readonly pts: number | undefined
  readonly dts: number | undefined
  readonly duration: number | undefined
  readonly bytes: number
  /** Nothing that is decoded before it is shown later. */
  readonly isKey: boolean
}

/** Packets between two signs of life. */
const READ_AT_ONCE = 5_000

/** Thrown by a caller that needs no more packets: the rest of the file is not read. */
export class Enough extends Error {
  override readonly name = 'Enough'
}

/**
 * Calls `onPacket` with each packet of the file, of other streams too. Resolves with how the run ended, or with undefined when
 * `onPacket` threw {@link Enough}.
 *
 * @param streams - where FFmpeg copies the packets, only those of these streams are there
 */
export async function readPackets(
  input: MediaInput,
  streams: readonly number[],
  options: Pick<FfmpegOptions, 'signal'> & {
    readonly scratch: string
    readonly onPacket: (packet: Packet) => void
    /** A sign of life. */
    readonly onRead?: () => void
  },
): Promise<FfmpegResult | undefined> {
  const { signal, scratch, onPacket, onRead } = options
  const listing = input.hasForeign
    ? { tool: 'ffmpeg' as const, arguments: plainListingArguments(input, streams) }
    : { tool: 'ffprobe' as const, arguments: listingArguments(input) }
  const parse = input.hasForeign ? createCopyParser(streams) : parsePacket
  let lines = 0
  const onLine = (line: string) => {
    if (++lines % READ_AT_ONCE === 0) onRead?.()
    const packet = parse(line)
    if (packet) onPacket(packet)
  }
  try {
    return await runFfmpeg({ ...listing, profile: 'probe', cwd: scratch, signal, onLine })
  } catch (error) {
    if (error instanceof Enough) return undefined
    throw error
  }
}

/** Shape: `0,1.040000,0.960000,0.040000,16278,K__`, with `N/A` for what is unknown; undefined for a line that is not a packet. */
export function parsePacket(line: string): Packet | undefined {
  const [stream, pts, dts, duration, size, flags = ''] = line.split(',')
  if (!stream || size === undefined) return undefined
  return {
    stream: Number(stream),
    pts: known(pts),
    dts: known(dts),
    duration: known(duration),
    bytes: known(size) ?? 0,
    isKey: flags.startsWith('K'),
  }
}

/** `N/A` and nothing at all are unknown. */
function known(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? NaN : Number(text)
  return Number.isFinite(value) ? value : undefined
}

/** A time that is not known is the lowest number of 64 bits. */
const UNKNOWN_SECONDS = 1e12

/** For the lines of the muxer `framecrc`. Pure but for its own state. */
export function createCopyParser(streams: readonly number[]): (line: string) => Packet | undefined {
  /** Seconds of a tick, by the number of the stream in the output. */
  const ticks = new Map<number, number>()
  return (line) => {
    // Shape: `#tb 0: 1/90000`.
    const [, place, seconds, parts] = /^#tb (\d+): (\d+)\/(\d+)/.exec(line) ?? []
    if (place !== undefined) ticks.set(Number(place), Number(seconds) / Number(parts))
    if (line.startsWith('#')) return undefined
    // Shape: `0, -1024, 0, 512, 2345, 0x12345678, F=0x0`: stream, both times, length, size, sum, flags when it is not a keyframe.
    const [output = '', dts, pts, duration, size, , flags] = line.split(',').map((word) => word.trim())
    const [tick, stream] = [ticks.get(Number(output)), streams[Number(output)]]
    if (tick === undefined || stream === undefined || size === undefined) return undefined
    const at = (time: string | undefined) => {
      const value = Number(time) * tick
      return Number.isFinite(value) && Math.abs(value) < UNKNOWN_SECONDS ? value : undefined
    }
    const isKey = flags?.startsWith('F=') ? (Number(flags.slice(2)) & 1) !== 0 : true
    return { stream, pts: at(pts), dts: at(dts), duration: at(duration), bytes: Number(size), isKey }
  }
}

/** Packets of other streams after which a stream that has not begun begins late: nothing is known of it. */
const MAX_PACKETS = 5_000
/** Packets of each stream that are looked at: the first one to come may not be the first one to be shown. */
const PACKETS_EACH = 4

/**
 * When each stream of a file begins, in seconds, by its own packets: for what only `dump.ts` describes, which has no such times. An
 * unreadable file has none: the run that reads all of it reports why.
 */
export async function firstTimes(
  input: MediaInput,
  streams: readonly number[],
  where: { readonly scratch: string; readonly signal: AbortSignal },
): Promise<ReadonlyMap<number, number>> {
  const times = new Map<number, number>()
  const seen = new Map<number, number>()
  let packets = 0
  const onPacket = ({ stream, pts }: Packet) => {
    if (pts !== undefined) times.set(stream, Math.min(times.get(stream) ?? Infinity, pts))
    seen.set(stream, (seen.get(stream) ?? 0) + 1)
    const isEnough = streams.every((each) => (seen.get(each) ?? 0) >= PACKETS_EACH)
    if (isEnough || ++packets > MAX_PACKETS) throw new Enough()
  }
  await readPackets({ ...input, hasForeign: true }, streams, { ...where, onPacket })
  return times
}
