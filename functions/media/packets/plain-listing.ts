/**
 * Packets as FFmpeg copies them, in the words of ffprobe's listing: for files of which ffprobe would open a decoder that is not
 * accepted, FFmpeg opens none for what it copies. Pure but for its own state.
 * @module
 */
import { listingArguments, plainListingArguments } from '../../ffmpeg/arguments.ts'
import type { MediaInput } from '../../ffmpeg/media-input.ts'

/** How the packets of these streams are listed, and the function that turns each line into ffprobe's form. */
export function listingOf(input: MediaInput, streams: readonly number[]) {
  if (!input.hasForeign) {
    const list = listingArguments(input)
    return { tool: 'ffprobe', arguments: list, toLine: (line: string): string | undefined => line } as const
  }
  const list = plainListingArguments(input, streams)
  return { tool: 'ffmpeg', arguments: list, toLine: createPlainLines(streams) } as const
}

/** For each line of the muxer `framecrc` the line that ffprobe would write; `undefined` for a line that is not a packet. */
export function createPlainLines(streams: readonly number[]): (line: string) => string | undefined {
  /** Seconds of a tick, by the number of the stream in the output. */
  const ticks = new Map<number, number>()
  return (line) => {
    // Shape: `#tb 0: 1/90000`.
    const [, place, seconds, parts] = /^#tb (\d+): (\d+)\/(\d+)/.exec(line) ?? []
    if (place !== undefined) ticks.set(Number(place), Number(seconds) / Number(parts))
    if (line.startsWith('#')) return undefined
    // Shape: `0, -1024, 0, 512, 2345, 0x12345678, F=0x0`: stream, both times, length, size, sum, flags when it is not a keyframe.
    const [output = '', dts, pts, duration, size, , flags] = line.split(',').map((word) => word.trim())
    const [tick, index] = [ticks.get(Number(output)), streams[Number(output)]]
    if (tick === undefined || index === undefined || size === undefined) return undefined
    const at = (time: string | undefined) => {
      const value = Number(time) * tick
      return Number.isFinite(value) && Math.abs(value) < UNKNOWN_SECONDS ? value.toFixed(6) : 'N/A'
    }
    const isKey = flags?.startsWith('F=') ? (Number(flags.slice(2)) & 1) !== 0 : true
    return [index, at(pts), at(dts), at(duration), size, isKey ? 'K_' : '__'].join(',')
  }
}

/** A time that is not known is the lowest number of 64 bits. */
const UNKNOWN_SECONDS = 1e12
