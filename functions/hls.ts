/** incoming/clip.mp4 -> processed/clip.mp4/hls/master.m3u8: a presentation that players stream, in several sizes. @module */
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineFunction, PermanentError, STREAM_PIECES, type OutputFile } from '../runtime/index.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { createProgressReporter } from './ffmpeg/run/progress.ts'
import { presentationArguments } from './hls/arguments.ts'
import { judge } from './hls/judge.ts'
import { makeTracks } from './hls/make.ts'
import { hlsOptions } from './hls/options.ts'
import { MAX_FILES, tooManyFiles } from './hls/plan/file-count.ts'
import { isOn } from './media/on-off.ts'
import { planSource } from './hls/plan/plan-source.ts'
import { presentationFiles } from './hls/presentation.ts'
import { planCopy } from './hls/tables/plan-copy.ts'
import { inspect, KEEP_HINT } from './media/inspect.ts'
import { MEDIA_FILES } from './media/policy.ts'
import { toMicros } from './media/seconds.ts'
import { createUploadWindow } from './media/upload-window.ts'

export const hls = defineFunction(
  {
    name: 'hls',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: hlsOptions,
    presets: {
      vod: {},
      source: { renditions: 'source' },
      mobile: { maxHeight: 480, seconds: 4 },
      archive: { mode: 'copy' },
    },
    // Re-encoding a film takes hours; a hanging run is ended by the stall timeout.
    timeout: '12h',
    stallTimeout: '60s',
  },
  async (c) => {
    const { event, options, source, output, signal, progress, scratch } = c.var
    const { seconds, quality } = options
    const keepsGoodPart = options.onTruncated === 'keep'
    const inspection = await inspect({
      source,
      sizeBytes: event.sizeBytes,
      scratch,
      signal,
      isTruncatedFine: keepsGoodPart,
    })
    const { input, media, isRaggedFine = false } = inspection
    const { version, hasFpsMode } = await ffmpegBinaries()
    const onRead = () => progress({})
    const planned = await planSource(inspection, options, {
      scratch,
      signal,
      onRead,
      read: (start, count) => source.bytes(start, count),
      isTruncatedFine: keepsGoodPart,
    })
    const { plan, cutsSeconds } = planned
    const tooMany = tooManyFiles(plan, { seconds, cutsSeconds, lengthSeconds: media.durationSeconds })
    if (tooMany !== undefined) throw new PermanentError(tooMany)
    const tableCopy = keepsGoodPart
      ? undefined
      : await planCopy(plan, inspection, (start, count) => source.bytes(start, count))

    const { report, repeat } = createProgressReporter(media.durationSeconds, progress)
    const uploads = createUploadWindow(output, repeat)
    let files = 0
    const send = async (file: OutputFile) => {
      if (++files > MAX_FILES)
        throw new PermanentError(`it would have more than ${MAX_FILES} files: choose longer segments`)
      await uploads.add(file)
    }
    const made = await makeTracks({
      plan,
      arguments: presentationArguments({
        input,
        plan,
        seconds,
        cutsSeconds,
        quality,
        hasFpsMode,
        keepsGoodPart,
      }),
      tableCopy,
      source,
      seconds,
      cutsSeconds,
      isRaggedFine: isRaggedFine || keepsGoodPart,
      cores: availableParallelism(),
      scratch,
      signal,
      send,
      onProgress: report,
    })
    const { flaws, isIntactPartFine, warnings } = judge(planned, made, inspection, keepsGoodPart)
    if (flaws.length > 0)
      throw new PermanentError(
        `the presentation is not whole: ${flaws.join('; ')}${isIntactPartFine ? KEEP_HINT : ''}`,
      )
    const breaksOff = inspection.breaksOff ?? (await inspection.lookOn?.())

    const { pictures, sounds } = made
    const tracks = [...pictures, ...sounds]
    const texts = presentationFiles({
      ...made,
      plan,
      hasIframes: isOn(options.iframes) && !plan.isTransport,
      hasDash: isOn(options.dash) && !plan.isTransport,
      folder: output.folder,
    })
    await uploads.finish()
    for (const [place, { text, ...file }] of texts.entries()) {
      const path = join(scratch, `list-${place}`)
      await writeFile(path, text, { flag: 'wx' })
      await send({ ...file, path })
    }
    await uploads.finish()

    const segments = tracks.flatMap((track) => track.segments)
    const endSeconds = Math.max(...tracks.map((track) => track.endSeconds))
    output.describe({
      probe: { ...media, kept: tracks.map(({ name, codec }) => ({ name, codec })), dropped: plan.dropped },
      totals: {
        renditions: pictures.length,
        segments: segments.length,
        bytes: segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        durationSeconds: toMicros(endSeconds),
        ...(breaksOff !== undefined && { truncatedAtSeconds: toMicros(endSeconds) }),
      },
      warnings: [
        ...(inspection.warnings ?? []),
        ...plan.warnings,
        ...warnings,
        ...(breaksOff === undefined ? [] : [`${breaksOff}. Everything before that is kept`]),
      ],
      tools: { ffmpeg: version },
    })
    return c.json({ renditions: pictures.length, segments: segments.length })
  },
)
