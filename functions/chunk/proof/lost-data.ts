/** Side data of a copied picture that players need and this FFmpeg did not write, found by reading a chunk. @module */
import { probeArguments } from '../../ffmpeg/arguments.ts'
import { mustHaveSucceeded } from '../../ffmpeg/words/failure.ts'
import { runFfmpeg } from '../../ffmpeg/run/ffmpeg.ts'
import type { Inspection } from '../../media/inspect.ts'
import { neededByPlayers } from '../plan/left-out.ts'
import { mediaInput } from '../../ffmpeg/media-input.ts'
import type { VideoStream } from '../../media/media-info.ts'
import { pictureFacts } from '../../media/picture-facts.ts'

export interface LostDataOptions {
  readonly inspection: Inspection
  readonly video: VideoStream
  readonly muxer: string
  /** Of a finished chunk. */
  readonly path: string
  readonly scratch: string
  readonly signal: AbortSignal
}

/** One warning for each; looks at the chunk only when the source has something of the kind. */
export async function lostData(options: LostDataOptions): Promise<readonly string[]> {
  const { inspection, video, muxer, path, scratch, signal } = options
  const { sideData } = pictureFacts(inspection.document, video.index)
  if (neededByPlayers(sideData).length === 0) return []
  const lines: string[] = []
  const result = await runFfmpeg({
    tool: 'ffprobe',
    profile: 'probe',
    arguments: probeArguments(mediaInput(path, scratch)),
    cwd: scratch,
    signal,
    onLine: (line) => lines.push(line),
  })
  mustHaveSucceeded(result)
  // The picture comes first in a chunk.
  const kept = pictureFacts(JSON.parse(lines.join('\n')) as object, 0).sideData
  return neededByPlayers(sideData.filter((name) => !kept.includes(name))).map(
    (what) =>
      `the chunks lack ${what}, which this FFmpeg does not write to ${muxer}: players show the picture without it`,
  )
}
