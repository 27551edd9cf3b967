/** The lines that the FFmpeg of a take writes -> their meaning. Pure. @module */
import type { ClosedPiece } from '../../runtime/index.ts'

/** **Shape**: `000012.ts,24.080000,28.080000`. Undefined for anything else, which must not become a file name or a time. */
export function pieceOf(line: string): ClosedPiece | undefined {
  const [, fileName, start, end] =
    /^(\d{6,12}\.(?:ts|mp4)),(-?\d{1,12}\.\d{1,6}),(-?\d{1,12}\.\d{1,6})\r?$/.exec(line) ?? []
  if (fileName === undefined) return undefined
  return { fileName, startSeconds: Number(start), endSeconds: Number(end) }
}

/**
 * The stream key of an RTMP sender, which FFmpeg prints as it expects another one:
 * `[rtmp @ 0x55d0] [warning] Unexpected stream cam1?key=SECRET, expecting 0123456789abcdef`.
 *
 * @returns undefined for another line, or one about another nonce
 */
export function senderKeyOf(line: string, nonce: string): string | undefined {
  const end = `, expecting ${nonce}`
  const found = /(?:^|\] )Unexpected stream (.*)$/.exec(line.trimEnd())?.[1]
  return found?.endsWith(end) ? found.slice(0, -end.length) : undefined
}

/**
 * Whether FFmpeg says that it could not read on from a pipe. A stream that is cut off at its end does not lead to this.
 *
 * **Shape**: `[error] pipe:0: Invalid data found when processing input` up to 5.1, since 6 `[in#0/flv @ 0x6c75d40] [error] Error during
 * demuxing: Invalid data found when processing input`.
 */
export function isUnreadable(line: string): boolean {
  return /\[error\] (?:pipe:0|Error during demuxing): Invalid data found/.test(line)
}

/** Whether FFmpeg says that a piece could not be written for want of room. FFmpeg continues, and lists the torn piece as one that is complete. */
export function isOutOfRoom(line: string): boolean {
  return /\[error\] .*No space left on device/.test(line)
}

/** Of the line before. */
export function isRepetition(line: string): boolean {
  return /^\s*Last message repeated \d+ times$/.test(line)
}

export interface CodecsRead {
  readonly codec?: string
  /** No more codecs will come. */
  readonly isComplete: boolean
}

/**
 * The codecs of the pieces, as FFmpeg lists the streams of its output before the first piece; feeds on all its lines.
 *
 * **Shape**: `[info] Output #0, segment, to '%06d.ts':`, lines later `[info]   Stream #0:1(und): Audio: aac (LC), 48000 Hz, mono`.
 * The list ends with the first line that is not indented.
 */
export function createCodecReader(): (line: string) => CodecsRead {
  let place: 'before' | 'inside' | 'behind' = 'before'
  return (line) => {
    if (place === 'before' && line.includes('Output #0, segment,')) place = 'inside'
    else if (place === 'inside' && !line.startsWith('[info]  ')) place = 'behind'
    const codec =
      place === 'inside' ? /\bStream #0:\d+\S*: (?:Video|Audio): (\w+)/.exec(line)?.[1] : undefined
    return { isComplete: place === 'behind', ...(codec !== undefined && { codec }) }
  }
}
