/**
 * The filters that make a picture of a film: progressive, in SDR, with square pixels, in the size and the colours that its
 * format has. FFmpeg turns it upright before the first of them. Pure.
 * @module
 */
import type { Size } from './size.ts'
import type { PictureTrack } from './track.ts'

export const IMAGE_FORMATS = ['jpg', 'webp', 'png'] as const
export type ImageFormat = (typeof IMAGE_FORMATS)[number]

/** Also of a film that is made. */
type Target = ImageFormat | 'film'

export const IMAGES: Readonly<
  Record<ImageFormat, { readonly contentType: string; readonly words: readonly string[] }>
> = {
  jpg: { contentType: 'image/jpeg', words: ['-c:v', 'mjpeg', '-q:v', '3'] },
  webp: { contentType: 'image/webp', words: ['-c:v', 'libwebp', '-quality', '80'] },
  png: { contentType: 'image/png', words: ['-c:v', 'png'] },
}

/** JPEG has full range and the matrix of SD, whatever the film has: without them its colours are off. WebP has the matrix of SD. */
const COLOURS: Readonly<Record<Target, { readonly scale: string; readonly format: string }>> = {
  jpg: { scale: ':out_color_matrix=smpte170m:out_range=pc', format: 'yuvj420p' },
  webp: { scale: ':out_color_matrix=smpte170m:out_range=tv', format: 'yuv420p' },
  film: { scale: ':out_color_matrix=smpte170m:out_range=tv', format: 'yuv420p' },
  png: { scale: '', format: 'rgb24' },
}

export interface PictureFilterOptions {
  readonly track: PictureTrack
  readonly size: Size
  readonly target: Target
  /** Pictures come alone, not each after the one before it: nothing can be told from its neighbours. @defaultValue false */
  readonly isAlone?: boolean
  /** This FFmpeg has `zscale` and `tonemap`. */
  readonly canToneMap: boolean
}

/** Without the filters that choose pictures. */
export function pictureFilters(options: PictureFilterOptions): string {
  const { track, size, target, canToneMap } = options
  const { scale, format } = COLOURS[target]
  const { width, height } = size
  const isToneMapped = track.hdrTransfer !== undefined && canToneMap
  const scaled = (matrix: string) =>
    `scale=${width}:${height}:flags=bicubic:in_color_matrix=${matrix}${scale}`
  // First to its size: tone mapping takes long for each pixel.
  const filters = isToneMapped
    ? [`scale=${width}:${height}:flags=bicubic`, ...toneMap(track.hdrTransfer), scaled('bt709')]
    : [scaled(track.matrix)]
  return [...filters, 'setsar=1', `format=${format}`].join(',')
}

/** Of an interlaced film: from both fields and their neighbours, or one field of a picture that comes alone. */
export function deinterlace({ isInterlaced }: PictureTrack, isAlone: boolean): readonly string[] {
  if (!isInterlaced) return []
  return [isAlone ? 'field=type=top' : 'yadif=deint=interlaced']
}

/** Numbers by ITU-T H.273: a file may leave out primaries and matrix, and all HDR has those of BT.2020. */
function toneMap(transfer: number): readonly string[] {
  return [
    `zscale=tin=${transfer}:pin=9:min=9:t=linear:npl=100`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    'tonemap=hable:desat=0',
    'zscale=t=bt709:m=bt709:r=tv',
    'format=yuv420p',
  ]
}
