/** incoming/clip.mp4 -> processed/clip.mp4/chunk/…: pieces of a few seconds, as they are or re-encoded. @module */
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { defineFunction, PermanentError } from '../runtime/index.ts'
import { unreadableAmr } from './lib/amr.ts'
import { ffmpegBinaries } from './lib/binaries.ts'
import { lookBeforeCopy } from './lib/before-copy.ts'
import { goodPart } from './lib/clock.ts'
import { MODES, planChunks, STREAMS, type DroppedStream } from './lib/container.ts'
import { planCuts } from './lib/cut-plan.ts'
import { cut } from './lib/cut.ts'
import { hidesPictures } from './lib/hidden-pictures.ts'
import { inspect } from './lib/inspect.ts'
import { lostData } from './lib/lost-data.ts'
import { MEDIA_FILES } from './lib/media-files.ts'
import type { MediaInfo } from './lib/media-info.ts'
import { whyNothing } from './lib/nothing-to-cut.ts'
import { isUnexplained } from './lib/policy.ts'
import { createProgressReporter } from './lib/progress-reporter.ts'
import { recipeOf } from './lib/recipe.ts'
import { clashOf, DEFAULT_SECONDS, MIN_BYTES, parseBytes, requestOf } from './lib/request.ts'
import { declaredSeconds, lengthWarning } from './lib/segments.ts'
import { stillsOf } from './lib/stills.ts'
import { surveyOf, surveyWarnings, withSurvey } from './lib/survey.ts'
import { createUploadWindow } from './lib/upload-window.ts'
import { hasEdits } from './lib/whole.ts'

const VALID_BYTES = `a size such as "25MB", "25MiB" or 25000000, of ${MIN_BYTES} or more`

export const chunk = defineFunction(
  {
    name: 'chunk',
    version: '1',
    on: { bucket: 'incoming', match: MEDIA_FILES, size: { max: '50GiB' } },
    options: z
      .object({
        /** `copy` cuts at the source's keyframes and changes nothing; `exact` re-encodes, and cuts where it is told. */
        mode: z.enum(MODES).default('copy'),
        /** Of each chunk; 6 when nothing is asked for. With `copy` the real length depends on where the source has keyframes. */
        seconds: z.coerce.number().min(0.5).max(600).meta({ 'x-default': DEFAULT_SECONDS }).optional(),
        /** So many of the same length. */
        parts: z.coerce.number().int().min(1).max(1_000).optional(),
        /** No chunk is larger: `25MB`, `25MiB` or a number. */
        bytes: z
          .union([z.string(), z.number()])
          .refine((size) => (parseBytes(size) ?? 0) >= MIN_BYTES, { message: VALID_BYTES })
          .describe(VALID_BYTES)
          .optional(),
        /** `audio` leaves the picture out. */
        streams: z.enum(STREAMS).default('all'),
        /** What becomes of a file that breaks off: a dead letter, or chunks of what came before. */
        onTruncated: z.enum(['fail', 'keep']).default('fail'),
      })
      .superRefine((options, c) => {
        const message = clashOf(options)
        if (message !== undefined) c.addIssue({ code: 'custom', message })
      }),
    alternatives: [['seconds', 'parts', 'bytes']],
    // A film is re-encoded for hours; what hangs is ended by the other one.
    timeout: '12h',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, options, source, output, signal, progress, log, scratch } = c.var
    const { mode, streams } = options
    const keepsGoodPart = options.onTruncated === 'keep'
    const inspected = await inspect({
      source,
      sizeBytes: event.sizeBytes,
      scratch,
      signal,
      isTruncatedFine: true,
    })
    const binaries = await ffmpegBinaries()
    const survey = await surveyOf({
      inspection: inspected,
      mode,
      keepsGoodPart,
      binaries,
      scratch,
      signal,
    })
    const inspection = withSurvey(inspected, survey)
    const { media, document, isWebm } = inspection
    const unreadable = unreadableAmr(document, media.audio, { mode, version: binaries.version })
    const plan = planChunks(media, {
      mode,
      streams,
      isWebm,
      isMp4Unsafe: hidesPictures(inspection, binaries),
      stills: stillsOf(document, media.video),
      unreadable,
    })
    const refusal = whyNothing(media, plan, streams)
    if (!plan || refusal !== undefined)
      throw new PermanentError(nothingButAmr(media, unreadable) ?? refusal ?? 'there is nothing to cut')
    const { container, kept, subtitles, dropped } = plan
    const reporter = createProgressReporter(declaredSeconds(media, kept), progress)
    const request = requestOf(options)
    const cutPlan = await planCuts({
      request,
      mode,
      inspection,
      plan,
      scratch,
      signal,
      onProgress: reporter.repeat,
    })
    // What several edits play goes back and forth, and is not torn.
    const isLookedAt = keepsGoodPart && !hasEdits({ inspection, plan })
    const good = isLookedAt
      ? await goodPart({ inspection, plan }, { scratch, signal, onRead: reporter.repeat })
      : undefined
    const onProgress = reporter.repeat
    const before = await lookBeforeCopy({ mode, plan, inspection, source, scratch, signal, onProgress })
    const recipe = recipeOf({
      mode,
      cutPlan,
      keepsGoodPart,
      untilSeconds: good?.untilSeconds,
      inspection,
      plan,
      survey,
      before,
      binaries,
      cores: availableParallelism(),
    })
    log.debug({ mode, container: container.extension, streams: kept.length }, 'cutting')

    const uploads = createUploadWindow(output, reporter.repeat)
    const warnings = [
      ...(inspection.warnings ?? []),
      ...dropped.map(droppedWarning),
      ...surveyWarnings(survey),
      ...recipe.warnings,
    ]
    const totals = { chunks: 0, bytes: 0, durationSeconds: 0, longestSeconds: 0 }
    let truncated = {}
    const chunks = cut({
      recipe,
      cutPlan,
      inspection,
      plan,
      keepsGoodPart,
      clock: good?.clock,
      scratch,
      signal,
      onProgress: reporter.report,
      onWarning: (warning) => warnings.push(warning),
      onTruncated: (truncatedAtSeconds) => (truncated = { truncatedAtSeconds }),
    })
    for await (const { path, fileName, bytes, times } of chunks) {
      totals.chunks++
      totals.bytes += bytes
      totals.durationSeconds += times.durationSeconds
      if (mode === 'copy' && isUnexplained({ ...totals, sourceBytes: event.sizeBytes })) {
        throw new PermanentError('its chunks are larger than the file can explain: its tables are damaged')
      }
      totals.longestSeconds = Math.max(totals.longestSeconds, times.durationSeconds)
      if (mode === 'copy' && plan.video && totals.chunks === 1) {
        const { muxer } = container
        warnings.push(...(await lostData({ inspection, video: plan.video, muxer, path, scratch, signal })))
      }
      await uploads.add({
        path,
        name: fileName,
        role: 'chunk',
        contentType: container.contentType,
        chunk: times,
      })
    }
    await uploads.finish()

    const { requestedSeconds } = cutPlan
    const tooLong = lengthWarning(totals.longestSeconds, requestedSeconds, mode)
    const inChunks = [...kept, ...subtitles.map(({ stream }) => stream)].map(({ index }) => index)
    output.describe({
      probe: { ...media, kept: inChunks, dropped },
      totals: { ...totals, ...truncated, durationSeconds: Math.round(totals.durationSeconds * 1e6) / 1e6 },
      warnings: tooLong === undefined ? warnings : [...warnings, tooLong],
      tools: { ffmpeg: binaries.version },
    })
    return c.json({ chunks: totals.chunks })
  },
)

function nothingButAmr(media: MediaInfo, unreadable: ReadonlyMap<number, string>): string | undefined {
  const [why] = unreadable.values()
  return why === undefined || media.audio.length > unreadable.size
    ? undefined
    : `there is nothing to cut but sound, and ${why}`
}

function droppedWarning({ index, codec, language, why }: DroppedStream): string {
  const spoken = language === undefined ? '' : `, ${language}`
  return `stream ${index} (${codec}${spoken}) is not in the chunks: ${why}`
}
