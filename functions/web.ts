/** incoming/clip.mkv -> processed/clip.mkv/web/video.mp4: one MP4 that every browser plays at once, copied where that is possible. @module */
import { open, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { defineFunction, PermanentError, STREAM_PIECES } from '../runtime/index.ts'
import { mustHaveEncoder } from './ffmpeg/build/abilities.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { COMMON_WORDS, inputArguments } from './ffmpeg/arguments.ts'
import { createProgressReporter } from './ffmpeg/run/progress.ts'
import { runFfmpeg } from './ffmpeg/run/ffmpeg.ts'
import { encodingLimits } from './ffmpeg/sandbox/ulimits.ts'
import { decodingWarning, isCutShort, passedOverWarning } from './ffmpeg/words/diagnosis.ts'
import { mustHaveSucceeded } from './ffmpeg/words/failure.ts'
import { forcedEvery, graphOf, x264 } from './hls/arguments.ts'
import { planLadder } from './hls/plan/ladder.ts'
import { sourcePicture } from './hls/plan/source-picture.ts'
import { isFaststart } from './media/bytes/faststart.ts'
import { declaredTracks } from './media/bytes/mp4-source.ts'
import { parseBitRate } from './media/bit-rate.ts'
import { mainPicture } from './media/container.ts'
import { inspect, KEEP_HINT } from './media/inspect.ts'
import { stillsOf } from './media/picture-facts.ts'
import { onTruncated } from './media/on-truncated.ts'
import { isUnexplained, MEDIA_FILES } from './media/policy.ts'
import { objectionsOf, mainSound, tornEnds, webFlaws, webSound, type WebFacts } from './media/web.ts'

const VALID_BIT_RATE = 'a bit rate from 32k to 320k, such as "128k"'
const KEYFRAME_SECONDS = 2

export const web = defineFunction(
  {
    name: 'web',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: z.object({
      /** Of the short side; a larger picture is made smaller. */
      maxHeight: z.coerce.number().int().min(144).max(2_160).default(1_080),
      /** Rate factor of x264, for a picture that is re-encoded: lower numbers look better and take more bytes. */
      quality: z.coerce.number().int().min(18).max(35).default(23),
      /** Of sound that is re-encoded. */
      audioBitRate: z
        .string()
        .refine((text) => {
          const bits = parseBitRate(text) ?? 0
          return bits >= 32_000 && bits <= 320_000
        }, `must be ${VALID_BIT_RATE}`)
        .describe(VALID_BIT_RATE)
        .default('128k'),
      /** The result for a truncated file: a dead letter, or the intact part as a shorter film. */
      onTruncated,
    }),
    timeout: '12h',
    stallTimeout: '60s',
  },
  async (c) => {
    const { event, options, source, output, signal, progress, scratch } = c.var
    const { maxHeight, quality } = options
    const isTruncatedFine = options.onTruncated === 'keep'
    const inspection = await inspect({ source, sizeBytes: event.sizeBytes, scratch, signal, isTruncatedFine })
    const { input, media, document, declared, isRaggedFine = false, warnings = [], breaksOff } = inspection
    const video = mainPicture(media, stillsOf(document, media.video))
    if (!video)
      throw new PermanentError(
        media.audio.length === 0
          ? 'the file has neither a picture nor a sound'
          : 'the file has no picture; the function audio makes a file of its sound',
      )
    const picture = sourcePicture(video, inspection)
    if (!picture) throw new PermanentError('the size of the picture is unknown')
    const { version, hasFpsMode } = await ffmpegBinaries()

    const hiddenBefore = declared?.get(video.index)?.hiddenBefore ?? 0
    const reasons = objectionsOf(picture, { maxHeight, hiddenBefore })
    const ladder = planLadder(picture, { renditions: 'source', maxHeight })
    const [rung] = ladder.kind === 'ladder' ? ladder.rungs : []
    const track = rung && reasons.length > 0 ? ({ ...rung, how: 'encode' } as const) : undefined
    const sound = mainSound(media)
    const made = sound && webSound(sound, parseBitRate(options.audioBitRate) ?? 0)
    const isCopy = !track && (made?.isCopied ?? true)
    if (track) await mustHaveEncoder('libx264')
    if (made?.isCopied === false) await mustHaveEncoder('aac')
    const { report } = createProgressReporter(media.durationSeconds, progress)
    const result = await runFfmpeg({
      tool: 'ffmpeg',
      profile: track ? 'encode' : 'copy',
      arguments: [
        ...COMMON_WORDS,
        ...(isCopy && !isRaggedFine && !isTruncatedFine ? ['-xerror'] : []),
        ...inputArguments(input),
        ...(track
          ? [
              '-filter_complex',
              graphOf(picture, [track]),
              '-map',
              '[v0]',
              ...x264(track, { quality, hasFpsMode }, video.framesPerSecond),
              ...forcedEvery(KEYFRAME_SECONDS),
            ]
          : ['-map', `0:${video.index}`, '-c:v', 'copy']),
        ...(made?.words ?? []),
        ...'-map_metadata -1 -map_chapters -1 -max_muxing_queue_size 4096 -f mp4 -movflags +faststart'.split(
          ' ',
        ),
        'video.mp4',
      ],
      cwd: scratch,
      signal,
      limits: track ? encodingLimits(availableParallelism()) : {},
      onProgress: report,
    })
    mustHaveSucceeded(result, track ? 're-encode' : 'copy', KEEP_HINT)
    const damage = decodingWarning(result)
    const gap = passedOverWarning(result)

    const path = join(scratch, 'video.mp4')
    const { size } = await stat(path)
    const file = await open(path)
    const read = async (start: number, count: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, start)
      return buffer.subarray(0, bytesRead)
    }
    let torn: readonly string[]
    let { durationSeconds } = media
    try {
      const tracks = await declaredTracks(read, size)
      const facts: WebFacts = {
        media,
        video,
        sound,
        tracks,
        isFaststart: await isFaststart(read, size),
        isEndUnknown: track !== undefined && damage === undefined && !isCutShort(result),
      }
      const flaws = webFlaws(facts)
      torn = tornEnds(facts)
      if (torn.length > 0) durationSeconds = Math.max(...tracks.map(({ mediaSeconds }) => mediaSeconds))
      if (flaws.length > 0) throw new PermanentError(`video.mp4 is not whole: ${flaws.join('; ')}`)
      if (torn.length > 0 && !isTruncatedFine)
        throw new PermanentError(`video.mp4 is not whole: ${torn.join('; ')}${KEEP_HINT}`)
    } finally {
      await file.close()
    }
    if (isCopy && isUnexplained({ bytes: size, chunks: 1, sourceBytes: event.sizeBytes }))
      throw new PermanentError('video.mp4 is larger than the file can explain: its tables are damaged')
    const { width, height } = track ?? video
    await output.upload({
      path,
      name: 'video.mp4',
      role: 'video',
      contentType: 'video/mp4',
      pointer: 'video.mp4',
      media: {
        track: 'video',
        ...(width !== undefined && { width }),
        ...(height !== undefined && { height }),
      },
    })
    output.describe({
      probe: media,
      totals: {
        bytes: size,
        ...(durationSeconds !== undefined && { durationSeconds }),
      },
      warnings: [
        ...warnings,
        ...(breaksOff === undefined ? [] : [breaksOff]),
        ...torn,
        ...(track ? [`the picture was re-encoded: ${reasons.join('; ')}`] : []),
        ...(media.audio.length > 1
          ? [`one of ${media.audio.length} sounds is kept: number ${sound?.index}`]
          : []),
        ...(media.subtitles.length > 0
          ? ['subtitles were left out: the function captions makes files of them']
          : []),
        ...(damage === undefined ? [] : [damage]),
        ...(gap === undefined ? [] : [gap]),
      ],
      tools: { ffmpeg: version },
    })
    return c.json({ bytes: size, isCopy })
  },
)
