/** incoming/clip.mp4 -> processed/clip.mp4/chunk/…: pieces of a few seconds, as they are or re-encoded. @module */
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { defineFunction, PermanentError } from '../runtime/index.ts'
import { ffmpegBinaries } from './lib/binaries.ts'
import { MODES, planChunks, type DroppedStream } from './lib/container.ts'
import { cut } from './lib/cut.ts'
import { inspect } from './lib/inspect.ts'
import { MEDIA_FILES } from './lib/media-files.ts'
import { isUnexplained } from './lib/policy.ts'
import { createProgressReporter } from './lib/progress-reporter.ts'
import { recipeOf } from './lib/recipe.ts'
import { lengthWarning } from './lib/segments.ts'
import { createUploadWindow } from './lib/upload-window.ts'

export const chunk = defineFunction(
  {
    name: 'chunk',
    version: '1',
    on: { bucket: 'incoming', match: MEDIA_FILES, size: { max: '50GiB' } },
    options: z.object({
      /** `copy` cuts at the source's keyframes and changes nothing; `exact` re-encodes, and cuts where it is told. */
      mode: z.enum(MODES).default('copy'),
      /** Of each chunk. With `copy` the real length depends on where the source has keyframes. */
      seconds: z.coerce.number().min(0.5).max(600).default(6),
    }),
    // A film is re-encoded for hours; what hangs is ended by the other one.
    timeout: '12h',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, options, source, output, signal, progress, log, scratch } = c.var
    const { mode, seconds } = options
    const inspection = await inspect({ source, sizeBytes: event.sizeBytes, scratch, signal })
    const { media, isWebm } = inspection
    const plan = planChunks(media, { mode, isWebm })
    if (!plan) throw new PermanentError('the file has neither video nor audio')
    const { container, kept, dropped } = plan
    const binaries = await ffmpegBinaries()
    const recipe = recipeOf({ mode, seconds, inspection, plan, binaries, cores: availableParallelism() })
    log.debug({ mode, container: container.extension, streams: kept.length }, 'cutting')

    const reporter = createProgressReporter(media.durationSeconds, progress)
    const uploads = createUploadWindow(output, reporter.repeat)
    const warnings = [...dropped.map(droppedWarning), ...recipe.warnings]
    const totals = { chunks: 0, bytes: 0, durationSeconds: 0, longestSeconds: 0 }
    const chunks = cut({
      recipe,
      inspection,
      plan,
      scratch,
      signal,
      seconds,
      onProgress: reporter.report,
      onWarning: (warning) => warnings.push(warning),
    })
    for await (const { path, fileName, times } of chunks) {
      totals.chunks++
      totals.bytes += (await stat(path)).size
      totals.durationSeconds += times.durationSeconds
      if (mode === 'copy' && isUnexplained({ ...totals, sourceBytes: event.sizeBytes })) {
        throw new PermanentError('its chunks are larger than the file can explain: its tables are damaged')
      }
      totals.longestSeconds = Math.max(totals.longestSeconds, times.durationSeconds)
      await uploads.add({
        path,
        name: fileName,
        role: 'chunk',
        contentType: container.contentType,
        chunk: times,
      })
    }
    await uploads.finish()

    const tooLong = lengthWarning(totals.longestSeconds, seconds, mode)
    output.describe({
      probe: { ...media, kept: kept.map(({ index }) => index), dropped },
      totals: { ...totals, durationSeconds: Math.round(totals.durationSeconds * 1e6) / 1e6 },
      warnings: tooLong === undefined ? warnings : [...warnings, tooLong],
      tools: { ffmpeg: binaries.version },
    })
    return c.json({ chunks: totals.chunks })
  },
)

function droppedWarning({ index, codec, language, why }: DroppedStream): string {
  const spoken = language === undefined ? '' : `, ${language}`
  return `stream ${index} (${codec}${spoken}) is not in the chunks: ${why}`
}
