/** Segments of MPEG-TS as ffprobe sees them, each by itself. @module */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findBinaries } from '../../../functions/ffmpeg/build/binaries.ts'

const run = promisify(execFile)
const { ffprobePath } = await findBinaries({})

export interface SegmentFacts {
  /** `h264`, `aac`. */
  readonly codecs: readonly string[]
  /** When the first picture is shown, or the first sound is heard, on the source's timeline. */
  readonly startSeconds: number
  /** The first packet of the picture is one of a keyframe. */
  readonly beginsWithKey: boolean
  readonly packets: Readonly<Record<string, number>>
}

/** The tick of the source's 0. */
const ZERO_SECONDS = 10

export async function segmentFacts(path: string): Promise<SegmentFacts> {
  const entries = 'stream=index,codec_name,codec_type:packet=stream_index,pts_time,flags'
  const words = ['-v', 'error', '-show_entries', entries, '-of', 'json', `file:${path}`]
  const { stdout } = await run(ffprobePath, words, {
    env: { GCONV_PATH: '/nonexistent' },
    maxBuffer: 64 * 1024 ** 2,
  })
  const { streams, packets } = JSON.parse(stdout) as {
    streams: readonly { index: number; codec_name: string; codec_type: string }[]
    packets: readonly { stream_index: number; pts_time: string; flags: string }[]
  }
  const reference = streams.find(({ codec_type }) => codec_type === 'video') ?? streams[0]
  const own = packets.filter(({ stream_index }) => stream_index === reference?.index)
  return {
    codecs: streams.map(({ codec_name }) => codec_name).toSorted((a, b) => b.localeCompare(a)),
    startSeconds: Number(own[0]?.pts_time) - ZERO_SECONDS,
    beginsWithKey: own[0]?.flags.startsWith('K') ?? false,
    packets: Object.fromEntries(
      streams.map(({ index, codec_type }) => [
        codec_type,
        packets.filter(({ stream_index }) => stream_index === index).length,
      ]),
    ),
  }
}
