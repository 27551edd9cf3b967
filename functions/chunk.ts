/** incoming/clip.mp4 -> processed/clip.mp4/chunk/…: pieces of a few seconds, as they are or re-encoded. @module */
import { z } from 'zod'
import { defineFunction, PermanentError, STREAM_PIECES } from '../runtime/index.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { MODES, STREAMS } from './media/container.ts'
import { cutRecording, type RecordingCut } from './chunk/cut-recording.ts'
import { tooMany } from './chunk/cut.ts'
import { inspect } from './media/inspect.ts'
import { joinedWarnings, mediaOfAll, placed, progressOfAll, requestOfEach } from './chunk/joined.ts'
import { lengthWarning, MAX_CHUNKS } from './chunk/pieces/segments.ts'
import { toMicros } from './media/seconds.ts'
import { named, recordingsOf } from './chunk/recordings.ts'
import { lostData } from './chunk/proof/lost-data.ts'
import { MEDIA_FILES, isUnexplained } from './media/policy.ts'
import { clashOf, DEFAULT_SECONDS, MIN_BYTES, parseBytes, requestOf } from './chunk/plan/request.ts'
import { surveyOf, withSurvey } from './media/packets/survey.ts'
import { createUploadWindow } from './media/upload-window.ts'

const VALID_BYTES = `a size of at least ${MIN_BYTES} bytes, such as "25MB", "25MiB" or 25000000`

export const chunk = defineFunction(
  {
    name: 'chunk',
    version: '1',
    // Pieces of a stream come every few seconds, and are chunks already.
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: z
      .object({
        /** `copy` cuts at the source's keyframes and changes nothing; `exact` re-encodes, and cuts exactly where asked. */
        mode: z.enum(MODES).default('copy'),
        /** Length of each chunk; 6 by default. With `copy` the real length depends on the keyframes of the source. */
        seconds: z.coerce.number().min(0.5).max(600).meta({ 'x-default': DEFAULT_SECONDS }).optional(),
        /** The number of chunks, all of the same length. */
        parts: z.coerce.number().int().min(1).max(1_000).optional(),
        /** No chunk is larger: `25MB`, `25MiB` or a number. */
        bytes: z
          .union([z.string(), z.number()])
          .refine((size) => (parseBytes(size) ?? 0) >= MIN_BYTES, { message: `must be ${VALID_BYTES}` })
          .describe(VALID_BYTES)
          .optional(),
        /** `audio` leaves the picture out. */
        streams: z.enum(STREAMS).default('all'),
        /** The result for a truncated file: a dead letter, or chunks of the intact part. */
        onTruncated: z.enum(['fail', 'keep']).default('fail'),
      })
      .superRefine((options, c) => {
        const message = clashOf(options)
        if (message !== undefined) c.addIssue({ code: 'custom', message })
      }),
    alternatives: [['seconds', 'parts', 'bytes']],
    // Re-encoding a film takes hours; a hanging run is ended by the stall timeout.
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
    const onRead = () => progress({})
    const file = { inspection, source, sizeBytes: event.sizeBytes, isTruncatedFine: true }
    const recordings = await recordingsOf({ ...file, mode, keepsGoodPart, scratch, signal, onRead })
    const asked = requestOf(options)

    let repeat = onRead
    const uploads = createUploadWindow(output, () => repeat())
    const warnings: string[] = []
    const totals = { chunks: 0, bytes: 0, durationSeconds: 0, longestSeconds: 0 }
    const startsSeconds: number[] = []
    let endSeconds = 0
    let truncated: { truncatedAtSeconds?: number } = {}
    let first: RecordingCut | undefined
    for (const recording of recordings) {
      const { name } = recording
      const offsetSeconds = endSeconds
      startsSeconds.push(offsetSeconds)
      try {
        const current = await cutRecording({
          recording,
          survey,
          request: requestOfEach(asked, recordings, recording),
          mode,
          streams,
          keepsGoodPart,
          binaries,
          scratch,
          signal,
          log,
          progress: progressOfAll(progress, recordings, offsetSeconds),
          onWarning: (warning) => warnings.push(name + warning),
          onTruncated: (atSeconds) =>
            (truncated = { truncatedAtSeconds: toMicros(offsetSeconds + atSeconds) }),
        })
        repeat = current.reporter.repeat
        first ??= current
        const { plan } = current
        for await (const chunk of current.chunks) {
          const { path, fileName, bytes, times } = placed(chunk, { index: totals.chunks, offsetSeconds })
          totals.chunks++
          totals.bytes += bytes
          totals.durationSeconds += times.durationSeconds
          if (mode === 'copy' && isUnexplained({ ...totals, sourceBytes: event.sizeBytes })) {
            throw new PermanentError(
              'its chunks are larger than the file can explain: its tables are damaged',
            )
          }
          if (totals.chunks > MAX_CHUNKS) throw tooMany()
          totals.longestSeconds = Math.max(totals.longestSeconds, times.durationSeconds)
          endSeconds = Math.max(endSeconds, times.startSeconds + times.durationSeconds)
          if (mode === 'copy' && plan.video && chunk.times.index === 0) {
            const { muxer } = plan.container
            const { inspection: own } = recording
            const video = plan.video
            const lost = await lostData({ inspection: own, video, muxer, path, scratch, signal })
            for (const warning of lost) warnings.push(name + warning)
          }
          await uploads.add({
            path,
            name: fileName,
            role: 'chunk',
            contentType: plan.container.contentType,
            chunk: times,
          })
        }
      } catch (error) {
        throw named(name, error)
      }
      if (truncated.truncatedAtSeconds !== undefined) break
      if (recording.brokenNext !== undefined) {
        warnings.push(`${recording.brokenNext}. Everything before that is kept`)
        truncated = { truncatedAtSeconds: toMicros(endSeconds) }
      }
    }
    await uploads.finish()

    const { plan, cutPlan } = first as RecordingCut
    const tooLong = lengthWarning(totals.longestSeconds, cutPlan.requestedSeconds, mode)
    const inChunks = [...plan.kept, ...plan.subtitles.map(({ stream }) => stream)].map(({ index }) => index)
    const joined = joinedWarnings({ recordings, startsSeconds, chunks: totals.chunks, request: asked })
    output.describe({
      probe: { ...mediaOfAll(recordings), kept: inChunks, dropped: plan.dropped },
      totals: { ...totals, ...truncated, durationSeconds: toMicros(totals.durationSeconds) },
      warnings: [...joined, ...warnings, ...(tooLong === undefined ? [] : [tooLong])],
      tools: { ffmpeg: binaries.version },
    })
    return c.json({ chunks: totals.chunks })
  },
)
