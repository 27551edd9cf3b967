/**
 * Properties of a picture that decide how its packets are copied and that ffprobe's description does not tell. Two of them:
 * - HEVC in a transport stream has one set of parameters from beginning to end, or not. Apple's players take HEVC in MP4 only
 *   as `hvc1`, which has the parameters once in front: FFmpeg then removes all others from the packets.
 * - MPEG-4 as DivX and old Xvid wrote it into AVI packs a B-frame into one packet with the picture before it, and an empty
 *   packet follows in its place. Copied, two pictures have the same time.
 * @module
 */
import { parameterSetsArguments } from '../../ffmpeg/arguments.ts'
import type { ChunkPlan, Mode } from '../../media/container.ts'
import { runFfmpeg } from '../../ffmpeg/run/ffmpeg.ts'
import type { Inspection } from '../../media/inspect.ts'
import type { FfmpegProgress } from '../../ffmpeg/run/progress.ts'
import type { Source } from '../../../runtime/index.ts'

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

export interface BeforeCopy extends PictureTag {
  /** Each chunk but the first begins with a picture that needs the previous chunk. */
  readonly isPacked: boolean
}

export async function lookBeforeCopy(
  options: PictureTagOptions & { readonly source: Pick<Source, 'bytes'> },
): Promise<BeforeCopy> {
  const { mode, plan, source } = options
  const isPacked =
    mode === 'copy' && plan.video?.codec === 'mpeg4' && hasPackedFrames(await source.bytes(0, SIGNED_BYTES))
  const { tag, warnings } = await pictureTagOf(options)
  return {
    isPacked,
    ...(tag !== undefined && { tag }),
    warnings: isPacked ? [...warnings, PACKED_WARNING] : warnings,
  }
}

async function pictureTagOf(options: PictureTagOptions): Promise<PictureTag> {
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
  'the parameters of the HEVC picture change midway, so its chunks are tagged "hev1", which the players of Apple refuse; mode "exact" makes H.264'

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

/** Such encoders sign in front of the first picture; headers and an index may come before it. */
const SIGNED_BYTES = 1024 ** 2

/** `DivX503b1393p`, `DivX500Build413p`: the last letter says it. */
const SIGNATURE = /DivX\d{1,4}(?:b|Build)\d{1,8}p/

export function hasPackedFrames(head: Buffer): boolean {
  return SIGNATURE.test(head.toString('latin1'))
}

const PACKED_WARNING =
  'the picture has packed B-frames (DivX, old Xvid): in the chunks, some pictures share one time, and one at each cut cannot be decoded; mode "exact" gives each its own time'
