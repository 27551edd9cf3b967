/** incoming/clip.mp4 -> processed/clip.mp4/audio/…: one sound of it as a file of its own, at the loudness that was asked for, with its waveform. @module */
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { defineFunction, PermanentError, STREAM_PIECES } from '../runtime/index.ts'
import { mustHaveEncoder } from './ffmpeg/build/abilities.ts'
import { ffmpegBinaries } from './ffmpeg/build/binaries.ts'
import { mediaInput } from './ffmpeg/media-input.ts'
import { isOn, onOff } from './media/on-off.ts'
import { onTruncated } from './media/on-truncated.ts'
import { inspect } from './media/inspect.ts'
import { MEDIA_FILES } from './media/policy.ts'
import { parseBitRate } from './media/bit-rate.ts'
import { mustBeComplete } from './sound/complete.ts'
import { decodeSound } from './sound/decode.ts'
import { ANOTHER_FORMAT, AUDIO_FORMATS, planAudio } from './sound/formats.ts'
import { clippingWarnings, gainTo, loudnessWarnings } from './sound/loudness.ts'
import { inPasses } from './sound/passes.ts'
import { runOnSound } from './sound/run.ts'
import { SAMPLE_RATE } from './sound/samples.ts'
import { timelineWords } from './sound/timeline.ts'
import { soundOf } from './sound/track.ts'
import { waveformDocument, waveformPicture } from './sound/waveform.ts'

const [MIN_BITS, MAX_BITS] = [16_000, 320_000]
const VALID_BIT_RATE = 'a bit rate from 16k to 320k, such as "160k"'
/** By how much the result may be longer or shorter: encoders fill their last packet. */
const LENGTH_TOLERANCE_SECONDS = 0.15

export const audio = defineFunction(
  {
    name: 'audio',
    version: '1',
    trigger: 'asked',
    on: { bucket: 'incoming', match: MEDIA_FILES, ignore: [STREAM_PIECES], size: { max: '50GiB' } },
    options: z.object({
      format: z.enum(AUDIO_FORMATS).default('m4a'),
      /** Of m4a, mp3 and opus, for mono and stereo; 5.1 gets three times as much. */
      bitRate: z
        .string()
        .refine((text) => {
          const bits = parseBitRate(text) ?? 0
          return bits >= MIN_BITS && bits <= MAX_BITS
        }, `must be ${VALID_BIT_RATE}`)
        .describe(VALID_BIT_RATE)
        .default('160k'),
      /** In LUFS, by one gain for the whole sound; `keep` changes nothing. */
      loudness: z.union([z.literal('keep'), z.coerce.number().min(-36).max(-8)]).default('keep'),
      /** Counts the sounds of the file, from 0. */
      track: z.coerce.number().int().min(0).max(63).default(0),
      /** The peaks as JSON and as a picture. */
      waveform: onOff.default(true),
      /** The result for a truncated file: a dead letter, or the sound of the intact part. */
      onTruncated,
    }),
    presets: {
      podcast: { loudness: -16, format: 'm4a', bitRate: '128k' },
      broadcast: { loudness: -23, format: 'wav' },
    },
    timeout: '12h',
    stallTimeout: '60s',
    concurrency: 2,
  },
  async (c) => {
    const { event, options, source, output, signal, progress, scratch } = c.var
    const { format, loudness: target } = options
    const isTruncatedFine = options.onTruncated === 'keep'
    const inspection = await inspect({ source, sizeBytes: event.sizeBytes, scratch, signal, isTruncatedFine })
    const { input, media, warnings = [], breaksOff } = inspection
    const sound = soundOf(media, options.track)
    const plan = planAudio(sound, format, parseBitRate(options.bitRate) ?? 0)
    await mustHaveEncoder(plan.encoder, ANOTHER_FORMAT)
    const { durationSeconds } = media
    const pass = inPasses({ count: target === 'keep' ? 2 : 3, durationSeconds, send: progress })
    const name = `audio.${format}`
    const file = { words: plan.words, name, filter: plan.lastFilter }
    const stream = sound.index
    const more = timelineWords(media, sound)
    const common = { input, stream, filter: plan.filter, more, scratch, signal }

    const heard = await decodeSound({ ...common, onProgress: pass(), ...(target === 'keep' && { file }) })
    const damage = mustBeComplete({ media, sound, isTruncatedFine }, heard.seconds, heard.result)
    const gain = target === 'keep' ? undefined : gainTo(target, heard.loudness)
    if (target !== 'keep') {
      const volume = gain ? `volume=${gain.gainDb.toFixed(3)}dB,` : ''
      const graph = `[0:${stream}]${plan.filter},${volume}${file.filter}[file]`
      const words = ['-filter_complex', graph, '-map', '[file]', ...file.words, name, ...more]
      await runOnSound({ input, words, scratch, signal, onProgress: pass() })
    }

    const path = join(scratch, name)
    const made = await decodeSound({
      input: mediaInput(path, scratch),
      stream: 0,
      filter: 'anull',
      scratch,
      signal,
      onProgress: pass(),
    })
    if (Math.abs(made.seconds - heard.seconds) > LENGTH_TOLERANCE_SECONDS) {
      throw new PermanentError(
        `${name} lasts ${made.seconds.toFixed(3)} s, and the sound ${heard.seconds.toFixed(3)} s: it was not written to its end`,
      )
    }
    const bytes = (await stat(path)).size
    await output.upload({ path, name, role: 'audio', contentType: plan.contentType, pointer: name })
    if (isOn(options.waveform)) {
      const document = waveformDocument(heard.peaks, SAMPLE_RATE)
      const json = { name: 'waveform.json', role: 'waveform', pointer: 'waveform.json' }
      await output.json({ ...document }, json)
      const picture = { name: 'waveform.png', role: 'waveform', pointer: 'waveform.png' }
      await writeFile(join(scratch, picture.name), waveformPicture(heard.peaks))
      await output.upload({ ...picture, path: join(scratch, picture.name), contentType: 'image/png' })
    }
    const { lufs, truePeakDb } = made.loudness
    output.describe({
      probe: media,
      totals: {
        bytes,
        durationSeconds: heard.seconds,
        ...(gain && { gainDb: rounded(gain.gainDb) }),
        ...(lufs !== undefined && { loudnessLufs: rounded(lufs) }),
        ...(truePeakDb !== undefined && { truePeakDb: rounded(truePeakDb) }),
      },
      warnings: [
        ...warnings,
        ...(breaksOff === undefined ? [] : [breaksOff]),
        ...plan.warnings,
        ...damage,
        ...(target === 'keep'
          ? clippingWarnings(heard.loudness)
          : loudnessWarnings(target, gain, made.loudness)),
      ],
      tools: { ffmpeg: (await ffmpegBinaries()).version },
    })
    return c.json({ seconds: heard.seconds, bytes })
  },
)

function rounded(decibels: number): number {
  return Math.round(decibels * 100) / 100
}
