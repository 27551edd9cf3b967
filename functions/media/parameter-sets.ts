/**
 * Whether HEVC in a transport stream has one set of parameters from its beginning to its end. Apple's players take HEVC in MP4
 * only as `hvc1`, which has them once in front: FFmpeg then takes all others out of the packets.
 * @module
 */
import { parameterSetsArguments } from '../ffmpeg/arguments.ts'
import type { ChunkPlan, Mode } from './container.ts'
import { runFfmpeg } from '../ffmpeg/ffmpeg.ts'
import type { Inspection } from './inspect.ts'
import type { FfmpegProgress } from '../ffmpeg/progress.ts'

export interface PictureTag {
  /** The name of the kind of picture in the container, where it is not FFmpeg's own choice. */
  readonly tag?: 'hvc1'
  readonly warnings: readonly string[]
}

export interface PictureTagOptions {
  readonly mode: Mode
  readonly plan: ChunkPlan
  readonly inspection: Inspection
  readonly scratch: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: FfmpegProgress) => void
}

export async function pictureTagOf(options: PictureTagOptions): Promise<PictureTag> {
  const { mode, plan, inspection, scratch, signal } = options
  const { format } = inspection.media
  const isHevc = mode === 'copy' && plan.container.muxer === 'mp4' && plan.video?.codec === 'hevc'
  if (!isHevc || format.includes('mp4')) return { warnings: [] }
  // Others have the parameters in front already.
  if (format !== 'mpegts') return { tag: 'hvc1', warnings: [] }
  const sets = createParameterSets()
  const result = await runFfmpeg({
    tool: 'ffmpeg',
    profile: 'copy',
    arguments: parameterSetsArguments(inspection.input, plan.video?.index ?? 0),
    cwd: scratch,
    signal,
    onLine: (line) => sets.add(line),
    onProgress: options.onProgress,
  })
  if (result.exitCode === 0 && sets.isSteady()) return { tag: 'hvc1', warnings: [] }
  return { warnings: [UNSTEADY_WARNING] }
}

const UNSTEADY_WARNING =
  'the parameters of the HEVC picture change on the way, so its chunks are "hev1", which players of Apple refuse; mode "exact" makes H.264'

/** Feeds on FFmpeg's `framemd5` of packets of which only the parameters are left. Pure but for its own state. */
export function createParameterSets() {
  const hashes = new Set<string>()
  return {
    /** Shape: `0,      92162,      99369,     3600,       85, 9e072a12d0555bc84e57caac762ff0ea`; a comment begins with `#`. */
    add(line: string): void {
      const hash = line.startsWith('#') ? undefined : line.split(',')[5]?.trim()
      if (hash !== undefined && hashes.size < 2) hashes.add(hash)
    },
    isSteady: () => hashes.size === 1,
  }
}
