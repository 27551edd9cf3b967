/** incoming/talk.mp4 -> processed/talk.mp4/speech/…: pieces of 16 kHz mono for transcription, cut in silence, with exact offsets. @module */
import { rm, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { defineFunction, PermanentError, STREAM_PIECES } from '../runtime/index.ts'
import { MIN_BYTES, parseBytes } from './chunk/plan/request.ts'
import { createUploadWindow } from './media/upload-window.ts'
import { mustHaveEncoder } from './ffmpeg/build/abilities.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { createProgressReporter } from './ffmpeg/run/progress.ts'
import { mediaInput } from './ffmpeg/media-input.ts'
import { inspect } from './media/inspect.ts'
import { onTruncated } from './media/on-truncated.ts'
import { MEDIA_FILES } from './media/policy.ts'
import { mustBeComplete } from './sound/complete.ts'
import { ANOTHER_FORMAT } from './sound/formats.ts'
import { createPieces, type SpeechPiece } from './sound/pieces.ts'
import { runOnSound } from './sound/run.ts'
import { createSampleReader, MONO_FILTER, SAMPLE_RATE } from './sound/samples.ts'
import {
  CONTENT_TYPES,
  maxSamplesOf,
  SPEECH_FORMATS,
  speechEncoder,
  speechWords,
} from './sound/speech-format.ts'
import { timelineWords } from './sound/timeline.ts'
import { soundOf } from './sound/track.ts'
import { mustAddUp, mustBeFew } from './sound/whole.ts'

const VALID_BYTES = `a size of at least ${MIN_BYTES} bytes, such as "25MB", "25MiB" or 25000000`

export const speech = defineFunction(
  {
    name: 'speech',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: z.object({
      /** The longest piece; one is cut earlier, in the middle of a silence in its second half. */
      seconds: z.coerce.number().min(5).max(3_600).default(600),
      /** No piece is larger: `25MB`, `25MiB` or a number. */
      bytes: z
        .union([z.string(), z.number()])
        .refine((size) => (parseBytes(size) ?? 0) >= MIN_BYTES, { message: `must be ${VALID_BYTES}` })
        .describe(VALID_BYTES)
        .default('25MB'),
      format: z.enum(SPEECH_FORMATS).default('wav'),
      /** Sound below this is silence, in decibels of full scale. */
      silenceDb: z.coerce.number().min(-80).max(-10).default(-40),
      /** A shorter pause is not a silence, in seconds. */
      silence: z.coerce.number().min(0.1).max(5).default(0.3),
      /** Counts the sounds of the file, from 0. */
      track: z.coerce.number().int().min(0).max(63).default(0),
      /** The result for a truncated file: a dead letter, or the pieces of the intact part. */
      onTruncated,
    }),
    presets: { whisper: { seconds: 600, bytes: '25MB' } },
    timeout: '12h',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, options, source, output, signal, progress, scratch } = c.var
    const { format } = options
    const isTruncatedFine = options.onTruncated === 'keep'
    const inspection = await inspect({ source, sizeBytes: event.sizeBytes, scratch, signal, isTruncatedFine })
    const { input, media, warnings = [], breaksOff } = inspection
    const encoder = speechEncoder(format)
    if (encoder !== undefined) await mustHaveEncoder(encoder, ANOTHER_FORMAT)
    const sound = soundOf(media, options.track)
    const limitBytes = parseBytes(options.bytes) ?? 0
    const { report, repeat } = createProgressReporter(media.durationSeconds, progress)
    const uploads = createUploadWindow(output, repeat)
    const listed: { file: string; startSample: number; samples: number; cutIn: string }[] = []

    /** The finished file of a piece: itself, or encoded. */
    const encoded = async ({ path, samples }: SpeechPiece): Promise<string> => {
      const words = speechWords(format)
      if (!words) return path
      const to = path.replace(/wav$/, format)
      const name = basename(to)
      const own = { ...mediaInput(path, scratch), demuxer: 'wav' }
      // Not in the line of encoders: the decoder, which has its place, waits for it.
      const run = { input: own, words: [...words, name], profile: 'copy', scratch, signal } as const
      const { mediaSeconds = 0 } = await runOnSound({ ...run, onProgress: repeat })
      if (mediaSeconds < samples / SAMPLE_RATE - 0.15)
        throw new PermanentError(
          `${name} was not written to its end: ${mediaSeconds} s of ${samples} samples`,
        )
      await rm(path)
      return to
    }
    const onPiece = async (piece: SpeechPiece): Promise<void> => {
      const { index, startSample, samples, cutIn } = piece
      mustBeFew(index)
      const path = await encoded(piece)
      const name = basename(path)
      const { size } = await stat(path)
      if (size > limitBytes)
        throw new PermanentError(
          `${name} has ${size} bytes, and ${limitBytes} are allowed: choose fewer "seconds"`,
        )
      listed.push({ file: name, startSample, samples, cutIn })
      await uploads.add({
        path,
        name,
        role: 'speech',
        contentType: CONTENT_TYPES[format],
        chunk: {
          index,
          startSeconds: startSample / SAMPLE_RATE,
          requestedSeconds: options.seconds,
          durationSeconds: samples / SAMPLE_RATE,
        },
      })
    }
    const pieces = createPieces({
      scratch,
      maxSamples: maxSamplesOf(format, options.seconds, limitBytes),
      silenceDb: options.silenceDb,
      silenceSeconds: options.silence,
      onPiece,
    })
    const samplesOf = createSampleReader()
    const more = timelineWords(media, sound)
    const graph = `[0:${sound.index}]aresample=async=1:first_pts=0,${MONO_FILTER}[mono]`
    try {
      const result = await runOnSound({
        input,
        words: ['-filter_complex', graph, ...'-map [mono] -f s16le pipe:4'.split(' '), ...more],
        scratch,
        signal,
        outputs: [(bytes) => pieces.add(samplesOf(bytes))],
        onProgress: report,
      })
      await pieces.finish()
      const total = pieces.totalSamples()
      mustAddUp(listed, total, more.length === 0 ? result.mediaSeconds : undefined)
      const damage = mustBeComplete({ media, sound, isTruncatedFine }, total / SAMPLE_RATE, result)
      await uploads.finish()
      const silences = pieces.quiets.map(({ start, end }) => ({
        startSeconds: start / SAMPLE_RATE,
        endSeconds: end / SAMPLE_RATE,
      }))
      const document = {
        version: 1,
        sampleRate: SAMPLE_RATE,
        samples: total,
        durationSeconds: total / SAMPLE_RATE,
        pieces: listed.map((piece) => ({
          ...piece,
          startSeconds: piece.startSample / SAMPLE_RATE,
          durationSeconds: piece.samples / SAMPLE_RATE,
        })),
        silences,
      }
      await output.json(document, { name: 'speech.json', role: 'speech', pointer: 'speech.json' })
      output.describe({
        probe: media,
        totals: { pieces: listed.length, samples: total, durationSeconds: total / SAMPLE_RATE },
        warnings: [...warnings, ...(breaksOff === undefined ? [] : [breaksOff]), ...damage],
        tools: { ffmpeg: (await ffmpegBinaries()).version },
      })
      return c.json({ pieces: listed.length })
    } finally {
      await pieces.drop()
    }
  },
)
