/** The input of FFmpeg and the only protocols it may use: our copy on disk, or a large object through the range proxy. Pure. @module */
import { relative } from 'node:path'

/** Part of a file. */
export interface ByteRange {
  readonly startByte: number
  readonly endByte: number
}

export interface MediaInput {
  /** `file:source`, relative to the working folder, or `http://127.0.0.1:40123/<token>`. */
  readonly address: string
  readonly isUrl: boolean
  /** The address leads to some bytes of the file, by FFmpeg's protocol `subfile`. */
  readonly isPart?: boolean
  /** The only one that may read it; absent while that is not known. */
  readonly demuxer?: string
  /** A stream of it has a decoder that is not accepted, and ffprobe would open it. */
  readonly hasForeign?: boolean
  /** Incomplete packets are left out of a listing. */
  readonly isWholeAsked?: boolean
}

/** @param input - an absolute path, or a URL on loopback: FFmpeg's static builds crash on host names */
export function mediaInput(input: string, workingFolder: string, range?: ByteRange): MediaInput {
  const isUrl = input.startsWith('http://127.0.0.1:')
  const address = isUrl ? input : `file:${relative(workingFolder, input)}`
  if (!range) return { address, isUrl }
  const { startByte, endByte } = range
  return { address: `subfile,,start,${startByte},end,${endByte},,:${address}`, isUrl, isPart: true }
}
