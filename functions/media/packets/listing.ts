/**
 * Every packet of a file -> where it can be cut, and how many bytes lie between. For cuts that depend on sizes, and where
 * nothing else tells the length. Reads the whole file once.
 * @module
 */
import { PermanentError } from '../../../runtime/index.ts'
import { MAX_MEDIA_SECONDS, TOO_LONG } from '../../ffmpeg/allowed.ts'
import { mustHaveSucceeded } from '../../ffmpeg/words/failure.ts'
import type { MediaInput } from '../../ffmpeg/media-input.ts'
import { readPackets, type Packet } from './packets.ts'

/** From one possible cut to the next. */
export interface Group {
  /** On the timeline of the file, which begins with 0. */
  readonly startSeconds: number
  /** At most: including the container's overhead. */
  readonly bytes: number
}

export interface Listing {
  readonly groups: readonly Group[]
  readonly endSeconds: number
}

export interface ListerOptions {
  /** The stream at whose keyframes cuts are made. */
  readonly reference: number
  /** The other ones that are kept. */
  readonly others: readonly number[]
  /** Of the file. */
  readonly startSeconds: number
}

/** Tables of MP4: size, time, offset and place of each packet. Other containers need less. */
const PACKET_BYTES = 32
/** Of packets that are all keyframes, as of sound: so many make a group. */
const GROUP_SECONDS = 0.1
/** How exactly it is known between which cuts the packets of other streams will be. */
const BIN_SECONDS = 0.25

/** Some 41 hours of sound, and 200 MB of memory. */
const MAX_GROUPS = 1_500_000
const TOO_MANY = `the file has more than ${MAX_GROUPS} places for a cut: "parts" and "bytes" are not possible for it, "seconds" is`

/** Pure but for its own state. */
function createLister({ reference, others, startSeconds }: ListerOptions) {
  const groups: { startSeconds: number; decodedSeconds: number; bytes: number }[] = []
  const bins = new Map<number, number>()
  let endSeconds = 0
  return {
    /** @throws {PermanentError} when the packets extend beyond the longest accepted media */
    add(packet: Packet): void {
      const { stream, pts, dts, duration = 0, isKey } = packet
      if (stream !== reference && !others.includes(stream)) return
      const bytes = packet.bytes + PACKET_BYTES
      const decodedSeconds = (dts ?? pts ?? NaN) - startSeconds
      const shownSeconds = (pts ?? dts ?? NaN) - startSeconds
      if (Number.isFinite(shownSeconds)) endSeconds = Math.max(endSeconds, shownSeconds + duration)
      if (shownSeconds > MAX_MEDIA_SECONDS) throw new PermanentError(`the file is not accepted: ${TOO_LONG}`)
      if (groups.length > MAX_GROUPS || bins.size > MAX_GROUPS) throw new PermanentError(TOO_MANY)
      if (stream !== reference) {
        const bin = Math.floor((Number.isFinite(decodedSeconds) ? decodedSeconds : 0) / BIN_SECONDS)
        bins.set(bin, (bins.get(bin) ?? 0) + bytes)
        return
      }
      const last = groups.at(-1)
      const isNext =
        isKey && !(last && shownSeconds < last.startSeconds + GROUP_SECONDS) && Number.isFinite(shownSeconds)
      if (last && !isNext) last.bytes += bytes
      else groups.push({ startSeconds: shownSeconds, decodedSeconds, bytes })
    },
    end(): Listing {
      const starts = groups.map(({ decodedSeconds }) => Math.floor(decodedSeconds / BIN_SECONDS))
      const sums = sumsOf(bins)
      return {
        endSeconds,
        groups: groups.map((group, place) => ({
          startSeconds: Math.max(0, group.startSeconds),
          // Packets in the same bin as a cut may end up on either side of it, so they count on both.
          bytes:
            group.bytes + sums(place === 0 ? -Infinity : (starts[place] ?? 0), starts[place + 1] ?? Infinity),
        })),
      }
    },
  }
}

export interface ListOptions extends ListerOptions {
  readonly input: MediaInput
  readonly scratch: string
  readonly signal: AbortSignal
}

/** @throws {PermanentError} when the file cannot be read */
export async function listPackets(options: ListOptions): Promise<Listing> {
  const { input, reference, others, scratch, signal } = options
  const lister = createLister(options)
  const onPacket = (packet: Packet) => lister.add(packet)
  const result = await readPackets(input, [reference, ...others], { scratch, signal, onPacket })
  if (result) mustHaveSucceeded(result)
  return lister.end()
}

/** The sum of all bins from one to another, both included. */
function sumsOf(bins: ReadonlyMap<number, number>): (from: number, to: number) => number {
  const keys = [...bins.keys()].sort((a, b) => a - b)
  const before = [0]
  for (const key of keys) before.push((before.at(-1) ?? 0) + (bins.get(key) ?? 0))
  const place = (isPast: (key: number) => boolean) => {
    let [low, high] = [0, keys.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (isPast(keys[middle] ?? 0)) high = middle
      else low = middle + 1
    }
    return low
  }
  return (from, to) => (before[place((key) => key > to)] ?? 0) - (before[place((key) => key >= from)] ?? 0)
}
