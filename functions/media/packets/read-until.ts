/**
 * How far a truncated file can be read. A copy that ends there reports it late or not at all: FFmpeg's progress lags by half a
 * second, and the last piece gets no tables. So the complete packets are listed. Reads the file once more.
 * @module
 */
import { hasBrokenOff, hasLostInput } from '../../ffmpeg/words/diagnosis.ts'
import type { FfmpegResult } from '../../ffmpeg/words/result.ts'
import type { MediaInput } from '../../ffmpeg/media-input.ts'
import { readPackets, type Packet } from './packets.ts'

export interface ReadUntilOptions {
  readonly input: MediaInput
  /** The streams that are kept. */
  readonly streams: readonly number[]
  /** Of the file. */
  readonly startSeconds: number
  /** The file's declared length: a time later than this by more than a rounding error is damaged. */
  readonly declaredSeconds: number | undefined
  readonly scratch: string
  readonly signal: AbortSignal
  /** A sign of life. */
  readonly onRead: () => void
}

/** Whether a copy ended where the file is cut off, before it could report how far it came. */
export function endedAtBreak(result: FfmpegResult): boolean {
  return result.exitCode !== undefined && result.exitCode !== 0 && hasBrokenOff(result)
}

/** Where the last whole packet ends; undefined where that is not known. */
export async function readUntil(options: ReadUntilOptions): Promise<number | undefined> {
  const { input, streams, scratch, signal, onRead } = options
  const ends = createEndFinder(options)
  const whole = { ...input, isWholeAsked: true }
  const result = await readPackets(whole, streams, {
    scratch,
    signal,
    onRead,
    onPacket: (packet) => ends.add(packet),
  })
  return !result || hasLostInput(result) ? undefined : ends.seconds()
}

/** Pure but for its own state. */
export function createEndFinder({
  streams,
  startSeconds,
  declaredSeconds = Infinity,
}: Pick<ReadUntilOptions, 'streams' | 'startSeconds' | 'declaredSeconds'>) {
  let endSeconds = 0
  return {
    add({ stream, pts, dts, duration = 0 }: Packet): void {
      const shown = pts ?? dts
      if (shown === undefined || !streams.includes(stream)) return
      endSeconds = Math.max(endSeconds, shown + duration - startSeconds)
    },
    seconds: (): number | undefined =>
      endSeconds > 0 && endSeconds <= declaredSeconds + 1 ? endSeconds : undefined,
  }
}
