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

/**
 * The last steps to each format. WebP, and players of small films, take the matrix of SD, whatever the film had; JPEG has full range
 * as well: without them its colours are off. One after the other: FFmpeg of 2018 forgets the range where the matrix changes.
 */
const SD = 'smpte170m'
const TO_SD = `:out_color_matrix=${SD}:out_range=tv`
const LAST: Readonly<Record<Target, { readonly scale: string; readonly last: readonly string[] }>> = {
  jpg: {
    scale: TO_SD,
    last: [
      'format=yuv420p',
      `scale=in_color_matrix=${SD}:out_color_matrix=${SD}:in_range=tv:out_range=pc`,
      'format=yuvj420p',
    ],
  },
  webp: { scale: TO_SD, last: ['format=yuv420p'] },
  film: { scale: TO_SD, last: ['format=yuv420p'] },
  png: { scale: '', last: ['format=rgb24'] },
}

export interface PictureFilterOptions {
  readonly track: PictureTrack
  readonly size: Size
  readonly target: Target
  /** This FFmpeg has `zscale` and `tonemap`. */
  readonly canToneMap: boolean
}

/** Without the filters that choose pictures. */
export function pictureFilters(options: PictureFilterOptions): string {
  const { track, size, target, canToneMap } = options
  const { scale, last } = LAST[target]
  const bare = `scale=${size.width}:${size.height}:flags=bicubic`
  const scaled = (matrix: string) => `${bare}:in_color_matrix=${matrix}${scale}`
  // First to its size: tone mapping takes long for each pixel.
  const first =
    track.hdrTransfer !== undefined && canToneMap
      ? [bare, ...toneMap(track.hdrTransfer), scaled('bt709')]
      : [scaled(track.matrix)]
  return [...first, ...last, 'setsar=1'].join(',')
}

/**
 * Of an interlaced film: from both fields and their neighbours, or one field of a picture that comes alone.
 *
 * @param isAlone - pictures do not follow each other: nothing can be told from the one before
 */
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
