/** One decode of a sound that gives its loudness, its peaks and its exact number of samples; and, where asked, a file. @module */
import { PermanentError } from '../../runtime/index.ts'
import type { FfmpegProgress } from '../ffmpeg/run/progress.ts'
import type { FfmpegResult } from '../ffmpeg/words/result.ts'
import type { MediaInput } from '../ffmpeg/media-input.ts'
import { createLoudnessReader, type Loudness } from './loudness.ts'
import { createPeaks, type Peaks } from './peaks.ts'
import { createSampleReader, MONO_FILTER, SAMPLE_RATE } from './samples.ts'
import { runOnSound } from './run.ts'

export interface DecodeOptions {
  readonly input: MediaInput
  /** Its number in the file. */
  readonly stream: number
  /** Before anything is measured. */
  readonly filter: string
  /** A file that is made of the same decode: filters after {@link filter}, encoder, muxer and name. */
  readonly file?: { readonly filter: string; readonly words: readonly string[]; readonly name: string }
  /** Further outputs, such as those of `timeline.ts`. */
  readonly more?: readonly string[]
  readonly scratch: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: FfmpegProgress) => void
}

export interface Decoded {
  readonly loudness: Loudness
  readonly peaks: Peaks
  /** Heard, gaps and a late start included: they are silent. */
  readonly seconds: number
  readonly result: FfmpegResult
}

/**
 * - `ebur128` prints ten times a second; the last numbers are those of the whole.
 * - The samples for peaks come by a pipe of their own, at a rate that all sounds share.
 *
 * @throws {PermanentError} when nothing could be decoded, or as {@link runOnSound} says
 */
export async function decodeSound(options: DecodeOptions): Promise<Decoded> {
  const { input, stream, filter, file, more = [], scratch, signal, onProgress } = options
  const reader = createLoudnessReader()
  const peaks = createPeaks(SAMPLE_RATE)
  const samplesOf = createSampleReader()
  let samples = 0
  const graph = [
    `[0:${stream}]${filter},asplit=${file ? 3 : 2}[m][p]${file ? '[f]' : ''}`,
    '[m]ebur128=metadata=1:peak=true,ametadata=mode=print:file=pipe\\\\:1[measured]',
    `[p]${MONO_FILTER}[mono]`,
    ...(file ? [`[f]${file.filter}[file]`] : []),
  ].join(';')
  const result = await runOnSound({
    input,
    words: [
      '-filter_complex',
      graph,
      ...'-map [measured] -f null - -map [mono] -f s16le pipe:4'.split(' '),
      ...(file ? ['-map', '[file]', ...file.words, file.name] : []),
      ...more,
    ],
    scratch,
    signal,
    onLine: (line) => reader.add(line),
    outputs: [
      (bytes) => {
        const some = samplesOf(bytes)
        samples += some.length
        peaks.add(some)
      },
    ],
    onProgress,
  })
  if (samples === 0) throw new PermanentError('no sound could be decoded: the file is damaged')
  return { loudness: reader.loudness(), peaks: peaks.peaks(), seconds: samples / SAMPLE_RATE, result }
}
