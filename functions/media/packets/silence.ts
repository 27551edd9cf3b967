/** Where the sound of a file is silent. Decodes it once. @module */
import { silenceArguments } from '../../ffmpeg/arguments.ts'
import { mustHaveSucceeded } from '../../ffmpeg/words/failure.ts'
import { runFfmpeg } from '../../ffmpeg/run/ffmpeg.ts'
import type { FfmpegProgress } from '../../ffmpeg/run/progress.ts'
import type { MediaInput } from '../../ffmpeg/media-input.ts'

export interface Silence {
  readonly startSeconds: number
  readonly endSeconds: number
}

/** More are not kept: noise that comes and goes has one at each breath. */
const MAX_SILENCES = 100_000

/** Feeds on what FFmpeg's `ametadata` prints. Pure but for its own state. */
function createSilenceParser() {
  const silences: Silence[] = []
  let startSeconds: number | undefined
  return {
    silences,
    /** Shape: `lavfi.silence_start=1.5`, later `lavfi.silence_end=2.25`. */
    add(line: string): void {
      const [, which, seconds] =
        /^lavfi\.silence_(start|end)(?:\.\d+)?=(-?\d+(?:\.\d+)?)$/.exec(line.trim()) ?? []
      if (which === 'start') startSeconds = Number(seconds)
      if (which !== 'end' || startSeconds === undefined || silences.length >= MAX_SILENCES) return
      silences.push({ startSeconds, endSeconds: Number(seconds) })
      startSeconds = undefined
    },
  }
}

export interface SilenceOptions {
  readonly input: MediaInput
  readonly stream: number
  readonly scratch: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: FfmpegProgress) => void
}

export async function findSilences(options: SilenceOptions): Promise<readonly Silence[]> {
  const parser = createSilenceParser()
  const result = await runFfmpeg({
    tool: 'ffmpeg',
    profile: 'encode',
    arguments: silenceArguments(options.input, options.stream),
    cwd: options.scratch,
    signal: options.signal,
    onLine: (line) => parser.add(line),
    onProgress: options.onProgress,
  })
  mustHaveSucceeded(result)
  return parser.silences
}
