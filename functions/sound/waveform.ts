/** Peaks as files: JSON as audiowaveform 2 writes it (`doc/DataFormat.md` there), which waveform-data and peaks.js read, and a picture. Pure. @module */
import type { Peaks } from './peaks.ts'
import { indexedPng } from './png.ts'

export interface WaveformDocument {
  readonly version: 2
  readonly channels: 1
  readonly sample_rate: number
  readonly samples_per_pixel: number
  readonly bits: 8
  /** Pixels; there are twice as many numbers. */
  readonly length: number
  readonly data: readonly number[]
}

export function waveformDocument({ samplesPerPixel, values }: Peaks, sampleRate: number): WaveformDocument {
  return {
    version: 2,
    channels: 1,
    sample_rate: sampleRate,
    samples_per_pixel: samplesPerPixel,
    bits: 8,
    length: values.length / 2,
    data: values.map((value) => Math.floor(value / 256)),
  }
}

export const PICTURE = { width: 1200, height: 200 } as const
/** Transparent, so that it fits on any page, and a blue that shows on light and dark ones. */
const COLOURS = { background: [0, 0, 0, 0], wave: [59, 130, 246, 255] } as const

/** A PNG of {@link PICTURE}; the middle line is always there, so that silence is seen as silence. */
export function waveformPicture({ values }: Peaks): Buffer {
  const { width, height } = PICTURE
  const columns = values.length / 2
  const rows = new Uint8Array(width * height)
  const rowOf = (value: number) => Math.min(height - 1, Math.floor(((32_767 - value) * height) / 65_536))
  for (let x = 0; x < width; x++) {
    let [low, high] = [0, 0]
    const first = Math.floor((x * columns) / width)
    const last = Math.max(first + 1, Math.floor(((x + 1) * columns) / width))
    for (let column = first; column < Math.min(last, columns); column++) {
      low = Math.min(low, values[column * 2]!)
      high = Math.max(high, values[column * 2 + 1]!)
    }
    for (let y = rowOf(high); y <= rowOf(low); y++) rows[y * width + x] = 1
  }
  return indexedPng({ width, height, pixels: rows, colours: [COLOURS.background, COLOURS.wave] })
}
