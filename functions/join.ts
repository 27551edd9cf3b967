/**
 * incoming/streams/<name>/<session>/join.json -> processed/streams/<name>/<session>/join.json/join/session.mp4: the pieces of a
 * stream's session as one file, nothing re-encoded. The pieces flow through FFmpeg; only the result is on disk.
 * @module
 */
import { join as pathIn } from 'node:path'
import { z } from 'zod'
import {
  contentTypeOf,
  defineFunction,
  PermanentError,
  type Source,
  type StreamSession,
} from '../runtime/index.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { runFfmpeg } from './ffmpeg/run/ffmpeg.ts'
import { createProgressReporter } from './ffmpeg/run/progress.ts'
import { diagnose } from './ffmpeg/words/diagnosis.ts'
import { ToolError } from './ffmpeg/words/result.ts'
import { joinArguments, KINDS, partsOf } from './reception/joined.ts'

export const join = defineFunction(
  {
    name: 'join',
    version: '1',
    on: { bucket: 'incoming', match: ['streams/*/*/join.json'] },
    options: z.object({
      /** The kind of file. */
      as: z.enum(KINDS).default('mp4'),
    }),
    // Of a session of days.
    timeout: '12h',
  },
  async (c) => {
    const { options, source, output, signal, scratch, progress } = c.var
    const session = await source.session()
    const parts = partsOf(session.pieces, options.as)
    if (parts.length === 0) throw new PermanentError('the session has no pieces')
    const durationSeconds = session.pieces.reduce((sum, { seconds }) => sum + seconds, 0)
    let beforeSeconds = 0
    for (const part of parts) {
      const { report } = createProgressReporter(durationSeconds, progress)
      const offsetSeconds = beforeSeconds
      const result = await runFfmpeg({
        tool: 'ffmpeg',
        profile: 'copy',
        arguments: joinArguments(part),
        cwd: scratch,
        signal,
        stdin: bytesOf(source, part.pieces),
        onProgress: ({ mediaSeconds = 0, ...rest }) =>
          report({ ...rest, mediaSeconds: offsetSeconds + mediaSeconds }),
      })
      if (result.exitCode !== 0) {
        const { reason, isPermanent } = diagnose(result)
        const cause = new ToolError(`the pieces cannot be joined: ${reason}`, result)
        throw isPermanent ? new PermanentError(cause.message, { cause }) : cause
      }
      beforeSeconds += part.pieces.reduce((sum, { seconds }) => sum + seconds, 0)
      const { fileName } = part
      await output.upload({
        path: pathIn(scratch, fileName),
        name: fileName,
        role: 'joined',
        contentType: contentTypeOf(fileName),
        pointer: fileName,
      })
    }
    const gapSeconds = session.gaps.reduce((sum, { seconds }) => sum + seconds, 0)
    output.describe({
      totals: { pieces: session.pieces.length, durationSeconds, gaps: session.gaps.length, gapSeconds },
      warnings: warningsOf(session, parts.length),
      tools: { ffmpeg: (await ffmpegBinaries()).version },
    })
    return c.json({ files: parts.length })
  },
)

/** One piece after the other, each as it arrives. */
async function* bytesOf(
  source: Source,
  pieces: readonly { readonly key: string }[],
): AsyncGenerator<Buffer, void, void> {
  for (const piece of pieces) {
    const opened = await source.open(piece)
    yield* (await opened.stream()) as AsyncIterable<Buffer>
  }
}

/** More gaps than this are counted only. */
const GAPS_SHOWN = 10

function warningsOf({ gaps }: StreamSession, files: number): readonly string[] {
  const shown = gaps.slice(0, GAPS_SHOWN).map(({ before, seconds, reason }) => {
    const place = before === undefined ? 'at the end' : `before ${before.slice(before.lastIndexOf('/') + 1)}`
    return `${seconds.toFixed(1)} s are missing ${place} (${reason})`
  })
  const rest = gaps.length - shown.length
  return [
    ...shown,
    ...(rest > 0 ? [`and ${rest} more gaps`] : []),
    ...(files > 1
      ? ['its takes have different time lines or containers, so there is one file for each']
      : []),
  ]
}
