/** AMR as some telephones store it: several frames of 20 ms in each sample. Pure. @module */
import type { Mode } from '../media/container.ts'
import type { AudioStream } from '../media/media-info.ts'

interface RawStream {
  readonly index?: number
  readonly nb_frames?: string
}

const FRAME_SECONDS = 0.02
const WHY = 'its AMR has several frames in each sample, which this FFmpeg cannot take apart'

/**
 * Why such sound is left out, by the number of its stream: no muxer takes it as it is, and the decoders of FFmpeg 5 and 6 make
 * silence of all but its first frames.
 */
export function unreadableAmr(
  document: object,
  sounds: readonly AudioStream[],
  { mode, version }: { readonly mode: Mode; readonly version: string },
): ReadonlyMap<number, string> {
  const { streams = [] } = document as { readonly streams?: readonly RawStream[] }
  const isDecodable = !/^[56]\b/.test(version)
  if (mode === 'exact' && isDecodable) return new Map()
  const packed = sounds.filter(({ index, codec, durationSeconds = 0 }) => {
    const samples = Number(streams.find((stream) => stream.index === index)?.nb_frames)
    return /^amr_[nw]b$/.test(codec) && samples > 0 && durationSeconds / samples > 1.5 * FRAME_SECONDS
  })
  const remedy = isDecodable ? 'mode "exact" can' : 'FFmpeg 7 with mode "exact" can'
  const why = `${WHY}${mode === 'copy' ? ' without decoding it' : ''}: ${remedy}`
  return new Map(packed.map(({ index }) => [index, why]))
}
