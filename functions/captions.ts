/** incoming/film.mkv -> processed/film.mkv/captions/…: a WebVTT for each text subtitle. @module */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { defineFunction, PermanentError, STREAM_PIECES } from '../runtime/index.ts'
import { COMMON_WORDS, inputArguments } from './ffmpeg/arguments.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { createProgressReporter } from './ffmpeg/run/progress.ts'
import { runFfmpeg } from './ffmpeg/run/ffmpeg.ts'
import { createLineSplitter } from './ffmpeg/words/lines.ts'
import { mustHaveSucceeded } from './ffmpeg/words/failure.ts'
import { latestSeconds } from './media/declared-length.ts'
import { captionPlan, captionWarnings } from './media/captions.ts'
import { inspect, KEEP_HINT } from './media/inspect.ts'
import { onTruncated } from './media/on-truncated.ts'
import { MEDIA_FILES } from './media/policy.ts'
import { createCueReader, createTextLimit, webvtt } from './media/webvtt.ts'

export const captions = defineFunction(
  {
    name: 'captions',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: z.object({
      /** The result for a truncated file: a dead letter, or the subtitles of the intact part. */
      onTruncated,
    }),
    timeout: '1h',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, options, source, output, signal, progress, scratch } = c.var
    const isTruncatedFine = options.onTruncated === 'keep'
    const inspection = await inspect({ source, sizeBytes: event.sizeBytes, scratch, signal, isTruncatedFine })
    const { input, media, warnings = [], breaksOff } = inspection
    const plan = captionPlan(media)
    if (plan.kept.length === 0) throw new PermanentError(plan.refusal)
    const { report } = createProgressReporter(media.durationSeconds, progress)
    // A subtitle without an end may make the file longer than its film.
    const lengthSeconds = latestSeconds(media, [...media.video, ...media.audio]) ?? media.durationSeconds
    const mustBeLittle = createTextLimit()
    const readers = plan.kept.map(() => createCueReader({ lengthSeconds }))
    const splitters = readers.map((reader) =>
      createLineSplitter((line) => {
        mustBeLittle(line)
        reader.add(line)
      }),
    )
    const result = await runFfmpeg({
      tool: 'ffmpeg',
      profile: 'copy',
      arguments: [
        ...COMMON_WORDS,
        ...inputArguments(input),
        ...plan.kept.flatMap(({ stream }, place) =>
          `-map 0:${stream.index} -map_metadata -1 -c:s webvtt -flush_packets 1 -f webvtt pipe:${4 + place}`.split(
            ' ',
          ),
        ),
        ...plan.clock,
      ],
      cwd: scratch,
      signal,
      outputs: splitters.map((splitter) => {
        const decoder = new TextDecoder()
        return (bytes: Buffer) => splitter.add(decoder.decode(bytes, { stream: true }))
      }),
      onProgress: report,
    })
    mustHaveSucceeded(result, 'read the subtitles of', KEEP_HINT)
    const counts: number[] = []
    for (const [place, { stream, name }] of plan.kept.entries()) {
      splitters[place]?.end()
      const cues = readers[place]?.cues() ?? []
      counts.push(cues.length)
      const path = join(scratch, name)
      await writeFile(path, webvtt(cues))
      const { language } = stream
      await output.upload({
        path,
        name,
        role: 'captions',
        contentType: 'text/vtt',
        pointer: name,
        media: { track: 'subtitles', ...(language !== undefined && { language }) },
      })
    }
    output.describe({
      probe: { ...media, dropped: plan.dropped },
      totals: { captions: counts.length, cues: counts.reduce((sum, count) => sum + count, 0) },
      warnings: [
        ...warnings,
        ...(breaksOff === undefined ? [] : [breaksOff]),
        ...captionWarnings(plan, counts),
      ],
      tools: { ffmpeg: (await ffmpegBinaries()).version },
    })
    return c.json({ captions: counts.length })
  },
)
