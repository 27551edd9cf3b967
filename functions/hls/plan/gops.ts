/** The groups of pictures of a source: where a copy can be cut, and whether players could begin there. @module */
import { PermanentError } from '../../../runtime/index.ts'
import { mustHaveSucceeded } from '../../ffmpeg/words/failure.ts'
import { KEEP_HINT, type Inspection } from '../../media/inspect.ts'
import { readMoov } from '../../media/bytes/mp4-source.ts'
import { readPackets, type Packet } from '../../media/packets/packets.ts'
import { packetsInTables } from './table-gops.ts'
import { MAX_MEDIA_SECONDS, TOO_LONG } from '../../ffmpeg/allowed.ts'

export interface Gops {
  /** When each keyframe is shown, on the timeline of the source, which begins with 0; in turn. */
  readonly keyframesSeconds: readonly number[]
  /** The keyframe before which a picture is shown that follows it: such a group is open. */
  readonly openAtSeconds?: number
  /** From one keyframe to the next, or to the end. */
  readonly longestSeconds: number
  /** How long before 0 the first keyframe is shown: an edit list hides that. */
  readonly hiddenSeconds: number
  readonly endSeconds: number
  /** From the first keyframe on: those before it cannot be shown. */
  readonly pictures: number
}

/** Times are rounded, in Matroska to a millisecond. */
const EARLIER_SECONDS = 0.0015

/** Of the packets of one picture track, in the order of the file. Pure but for its own state. */
export function createGopFinder(startSeconds: number) {
  const keyframes: number[] = []
  let openAtSeconds: number | undefined
  let endSeconds = 0
  let pictures = 0
  return {
    /** @throws {PermanentError} when the packets extend beyond the longest accepted media */
    add({ pts, duration = 0, isKey }: Pick<Packet, 'pts' | 'duration' | 'isKey'>): void {
      if (pts === undefined) return
      const at = pts - startSeconds
      if (at > MAX_MEDIA_SECONDS) throw new PermanentError(`the file is not accepted: ${TOO_LONG}`)
      const key = keyframes.at(-1)
      if (isKey || key !== undefined) pictures++
      if (isKey) keyframes.push(at)
      else if (key !== undefined && at < key - EARLIER_SECONDS) openAtSeconds ??= key
      endSeconds = Math.max(endSeconds, at + duration)
    },
    end(): Gops {
      const longest = keyframes.reduce(
        (most, at, index) => Math.max(most, (keyframes[index + 1] ?? endSeconds) - at),
        0,
      )
      return {
        keyframesSeconds: keyframes,
        longestSeconds: longest,
        hiddenSeconds: Math.max(0, -(keyframes[0] ?? 0)),
        endSeconds,
        pictures,
        ...(openAtSeconds !== undefined && { openAtSeconds }),
      }
    },
  }
}

export interface GopOptions {
  readonly inspection: Inspection
  readonly stream: number
  readonly scratch: string
  readonly signal: AbortSignal
  /** A sign of life. */
  readonly onRead: () => void
  /** The readable part of a truncated file is enough. */
  readonly isTruncatedFine: boolean
  /** Up to `count` bytes of the source from `start` on. */
  readonly read: (start: number, count: number) => Promise<Buffer>
}

async function fromTables({ inspection, stream, read }: GopOptions): Promise<Gops | undefined> {
  const declared = inspection.declared?.get(stream)
  const moov = declared && (await readMoov(read, inspection.sizeBytes))
  if (!declared || !moov) return undefined
  const finder = createGopFinder(inspection.media.startSeconds ?? 0)
  return packetsInTables(moov, declared, (packet) => finder.add(packet)) ? finder.end() : undefined
}

/** From the tables of an MP4 where they say it all; else every packet is read once. */
export async function gopsOf(options: GopOptions): Promise<Gops> {
  const { inspection, stream, scratch, signal, onRead, isTruncatedFine } = options
  const told = isTruncatedFine ? undefined : await fromTables(options)
  if (told) return told
  const finder = createGopFinder(inspection.media.startSeconds ?? 0)
  const onPacket = (packet: Packet) => {
    if (packet.stream === stream) finder.add(packet)
  }
  const result = await readPackets(inspection.input, [stream], { scratch, signal, onPacket, onRead })
  if (result && !isTruncatedFine) mustHaveSucceeded(result, 'read', KEEP_HINT)
  return finder.end()
}
