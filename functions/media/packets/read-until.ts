/**
 * How far a truncated file can be read. A copy that ends there reports it late or not at all: FFmpeg's progress lags by half a
 * second, and the last piece gets no tables. So the complete packets are listed. Reads the file once more.
 * @module
 */
import { hasBrokenOff, hasLostInput } from '../../ffmpeg/words/diagnosis.ts'
import { runFfmpeg } from '../../ffmpeg/run/ffmpeg.ts'
import type { FfmpegResult } from '../../ffmpeg/words/result.ts'
import type { MediaInput } from '../../ffmpeg/media-input.ts'
import { listingOf } from './plain-listing.ts'

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

/** Lines between two signs of life. */
const READ_LINES = 5_000

/** Whether a copy ended where the file is cut off, before it could report how far it came. */
export function endedAtBreak(result: FfmpegResult): boolean {
  return result.exitCode !== undefined && result.exitCode !== 0 && hasBrokenOff(result)
}

/** Where the last whole packet ends; undefined where that is not known. */
export async function readUntil(options: ReadUntilOptions): Promise<number | undefined> {
  const { input, streams, scratch, signal, onRead } = options
  const ends = createEndFinder(options)
  const { toLine, ...listing } = listingOf({ ...input, isWholeAsked: true }, streams)
  let lines = 0
  const result = await runFfmpeg({
    ...listing,
    profile: 'probe',
    cwd: scratch,
    signal,
    onLine: (line) => {
      if (++lines % READ_LINES === 0) onRead()
      ends.add(toLine(line) ?? '')
    },
  })
  return hasLostInput(result) ? undefined : ends.seconds()
}

/** Pure but for its own state. */
export function createEndFinder({
  streams,
  startSeconds,
  declaredSeconds = Infinity,
}: Pick<ReadUntilOptions, 'streams' | 'startSeconds' | 'declaredSeconds'>) {
  let endSeconds = 0
  return {
    /** Shape: `0,1.040000,0.960000,0.040000,16278,K__`, with `N/A` for what is unknown. */
    add(line: string): void {
      const [stream = '', pts = '', dts = '', duration = ''] = line.split(',')
      if (stream === '' || !streams.includes(Number(stream))) return
      const shown = [pts, dts].map(toNumber).find(Number.isFinite)
      if (shown === undefined) return
      endSeconds = Math.max(endSeconds, shown + (toNumber(duration) || 0) - startSeconds)
    },
    seconds: (): number | undefined =>
      endSeconds > 0 && endSeconds <= declaredSeconds + 1 ? endSeconds : undefined,
  }
}

function toNumber(text: string): number {
  return text === '' ? NaN : Number(text)
}
