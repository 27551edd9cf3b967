/** The times of a piece whose FFmpeg was killed: from its packets, since what it says about itself may be missing. @module */
import { basename, dirname } from 'node:path'
import { CODECS } from '../ffmpeg/allowed.ts'
import { runFfmpeg } from '../ffmpeg/run/ffmpeg.ts'

/** The MPEG-TS muxer puts every time later by twice its `max_delay` of 0.7 s, in all builds. */
const MPEGTS_DELAY_SECONDS = 1.4
const MEASURED_MS = 60_000

export interface PieceTimes {
  readonly startSeconds: number
  readonly seconds: number
}

/**
 * @returns undefined when it holds no media, as when FFmpeg was killed before its first packet, or none that can be read
 * @throws {ToolError} when ffprobe did not run
 */
export async function measure(path: string): Promise<PieceTimes | undefined> {
  const isMpegts = path.endsWith('.ts')
  let [firstSeconds, lastSeconds] = [Infinity, -Infinity]
  let hasStrange = false
  await runFfmpeg({
    tool: 'ffprobe',
    profile: 'probe',
    arguments: [
      ...'-v error -protocol_whitelist file -format_whitelist'.split(' '),
      isMpegts ? 'mpegts' : 'mov,mp4,m4a,3gp,3g2,mj2',
      '-codec_whitelist',
      CODECS.join(','),
      ...'-show_entries packet=pts_time,duration_time:stream=codec_type -of csv=p=0'.split(' '),
      `file:${basename(path)}`,
    ],
    cwd: dirname(path),
    signal: AbortSignal.timeout(MEASURED_MS),
    onLine: (line) => {
      // A take has pictures and sound only: MPEG-TS hides any codec that it has no type for in a stream of data.
      hasStrange ||= line === 'data'
      const [time = '', duration = ''] = line.split(',')
      const seconds = Number.parseFloat(time)
      if (!Number.isFinite(seconds)) return
      firstSeconds = Math.min(firstSeconds, seconds)
      lastSeconds = Math.max(lastSeconds, seconds + (Number.parseFloat(duration) || 0))
    },
  })
  if (firstSeconds === Infinity || hasStrange) return undefined
  const startSeconds = firstSeconds - (isMpegts ? MPEGTS_DELAY_SECONDS : 0)
  return { startSeconds: micros(startSeconds), seconds: micros(lastSeconds - firstSeconds) }
}

function micros(seconds: number): number {
  return Number(seconds.toFixed(6))
}
