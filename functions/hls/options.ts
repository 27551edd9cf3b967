/** The options of `hls`, as people write them, and as its code reads them. Pure. @module */
import { z } from 'zod'
import { onOff } from '../media/on-off.ts'

const SHORT = { least: 144, most: 2_160 }
const MAX_RENDITIONS = 6
const VALID_RENDITIONS = `"auto", "source", or up to ${MAX_RENDITIONS} heights from ${SHORT.least} to ${SHORT.most} (of the short side), such as "720,480,240"`

type Renditions = 'auto' | 'source' | readonly number[]

/** `undefined` for what is not valid. */
export function parseRenditions(value: string | number): Renditions | undefined {
  if (value === 'auto' || value === 'source') return value
  const words = String(value)
    .split(',')
    .map((word) => word.trim())
  const heights = words.map(Number)
  const isValid = heights.every(
    (height) => Number.isInteger(height) && height >= SHORT.least && height <= SHORT.most,
  )
  const isEach = new Set(heights).size === heights.length
  return isValid && isEach && heights.length <= MAX_RENDITIONS && !words.includes('') ? heights : undefined
}

export const hlsOptions = z
  .object({
    /**
     * `auto` copies the picture where players can take it as it is, and re-encodes it where they cannot; `copy` refuses
     * instead; `encode` re-encodes it always.
     */
    mode: z.enum(['auto', 'copy', 'encode']).default('auto'),
    /** Length of a segment. Of a copied picture the real length depends on its keyframes. */
    seconds: z.coerce.number().min(1).max(30).default(6),
    /**
     * `fmp4` (CMAF) has each track in files of its own; `ts` picture and first sound together in MPEG-TS, for old televisions and
     * boxes: without DASH and playlists of keyframes.
     */
    segments: z.enum(['fmp4', 'ts']).default('fmp4'),
    /** The sizes of the picture: all below the source's, the source's own, or these. */
    renditions: z
      .union([z.string(), z.number()])
      .refine((value) => parseRenditions(value) !== undefined, { message: `must be ${VALID_RENDITIONS}` })
      .describe(VALID_RENDITIONS)
      .default('auto'),
    /** The short side of the largest rendition, in pixels. */
    maxHeight: z.coerce.number().int().min(SHORT.least).max(SHORT.most).default(1_080),
    /** `copy` keeps sound that is not AAC; `none` leaves it out. */
    audio: z.enum(['auto', 'copy', 'encode', 'none']).default('auto'),
    subtitles: onOff.default(true),
    /** Playlists of keyframes alone, for a quick look while seeking. */
    iframes: onOff.default(true),
    /** A manifest of DASH over the same segments. */
    dash: onOff.default(true),
    /** The quality of re-encoded pictures, as a rate factor of x264: 18 is the best; the rendition's bit rate is the cap. */
    quality: z.coerce.number().int().min(18).max(35).default(23),
    /** The result for a truncated file: a dead letter, or the intact part. */
    onTruncated: z.enum(['fail', 'keep']).default('fail'),
  })
  .superRefine(({ mode, renditions }, c) => {
    const isList = renditions !== 'auto' && renditions !== 'source'
    if (mode === 'copy' && isList)
      c.addIssue({
        code: 'custom',
        message: `"mode=copy" makes the source's own rendition and no other: leave "renditions" out, or choose "mode=auto"`,
      })
  })

export type HlsOptions = z.output<typeof hlsOptions>
