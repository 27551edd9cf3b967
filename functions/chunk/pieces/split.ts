/** A finished piece that is larger than allowed -> smaller ones, cut from it without re-encoding. @module */
import { mkdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '../../../runtime/index.ts'
import { copyChunksArguments } from '../../ffmpeg/arguments.ts'
import type { ChunkPlan } from '../../media/container.ts'
import { cutsByBytes } from '../plan/cut-points.ts'
import { mustHaveSucceeded } from '../../ffmpeg/words/failure.ts'
import { listPackets } from '../../media/packets/listing.ts'
import { mediaInput } from '../../ffmpeg/media-input.ts'
import { finishedSegments } from './segmenter.ts'
import type { Segment } from './segments.ts'

export interface SplitOptions {
  readonly path: string
  readonly limitBytes: number
  /** How often it was split before: each time the target is smaller. */
  readonly depth: number
  readonly plan: ChunkPlan
  readonly scratch: string
  readonly signal: AbortSignal
}

export interface Piece {
  readonly path: string
  /** Counted from the beginning of what was split. */
  readonly startSeconds: number
}

const MAX_DEPTH = 4

/** @throws {PermanentError} when there is no place for a cut */
export async function splitPiece({
  path,
  limitBytes,
  depth,
  plan,
  scratch,
  signal,
}: SplitOptions): Promise<readonly Piece[]> {
  const input = mediaInput(path, scratch)
  const count = plan.kept.length + plan.subtitles.length
  const others = Array.from({ length: count - 1 }, (_, place) => place + 1)
  const listing = await listPackets({ input, reference: 0, others, startSeconds: 0, scratch, signal })
  const targetBytes = limitBytes * (1 - 0.2 * depth)
  const found = cutsByBytes({ ...listing, limitBytes: targetBytes, streams: count })
  if (depth > MAX_DEPTH || !found.isPossible || found.atSeconds.length === 0) throw tooLarge(limitBytes)
  const folder = `${path}-split`
  await mkdir(folder)
  const segments: Segment[] = []
  const finished = finishedSegments({
    profile: 'copy',
    arguments: copyChunksArguments({
      input: mediaInput(path, folder),
      streams: Array.from({ length: count }, (_, index) => ({
        index,
        kind: index >= plan.kept.length ? 's' : index === 0 && plan.video ? 'v' : 'a',
      })),
      cuts: { atSeconds: found.atSeconds },
      muxer: plan.container.muxer,
      outputPattern: `chunk-%05d.${plan.container.extension}`,
      earlySeconds: 0.005,
    }),
    // FFmpeg may write only into its working folder.
    cwd: folder,
    signal,
    onEnd: mustHaveSucceeded,
  })
  for await (const segment of finished) segments.push(segment)
  await unlink(path)
  return segments.map(({ fileName, startSeconds }) => ({
    path: join(folder, fileName),
    startSeconds,
  }))
}

function tooLarge(limitBytes: number): PermanentError {
  return new PermanentError(
    `a piece came out larger than ${limitBytes} bytes and cannot be cut again: choose a larger "bytes"`,
  )
}
