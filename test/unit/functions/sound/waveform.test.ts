import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import WaveformData, { type JsonWaveformData } from 'waveform-data'
import { createPeaks } from '../../../../functions/sound/peaks.ts'
import { createSampleReader } from '../../../../functions/sound/samples.ts'
import { PICTURE, waveformDocument, waveformPicture } from '../../../../functions/sound/waveform.ts'

const peaksOf = (samples: readonly number[], maxPixels?: number) => {
  const peaks = createPeaks(40, maxPixels)
  peaks.add(Int16Array.from(samples))
  return peaks.peaks()
}

describe('peaks', () => {
  it('are the lowest and the highest sample of each pixel, the last one short', () => {
    expect(peaksOf([1, -2, 3, 4, -5])).toEqual({ samplesPerPixel: 2, values: [-2, 1, 3, 4, -5, -5] })
  })

  it('of a long sound join their neighbours and keep every extreme', () => {
    const sample = fc.integer({ min: -32_768, max: 32_767 })
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 200 }), (samples) => {
        const { samplesPerPixel, values } = peaksOf(samples, 8)
        expect(values.length).toBeLessThanOrEqual(16)
        for (let pixel = 0; pixel * samplesPerPixel < samples.length; pixel++) {
          const part = samples.slice(pixel * samplesPerPixel, (pixel + 1) * samplesPerPixel)
          expect(values.slice(pixel * 2, pixel * 2 + 2)).toEqual([Math.min(...part), Math.max(...part)])
        }
      }),
    )
  })
})

it('samples are the same wherever the pipe is cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.array(fc.nat(64)), (bytes, cuts) => {
      const read = createSampleReader()
      const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length].sort((a, b) => a - b)
      const got = ends.flatMap((end, at) => [...read(Buffer.from(bytes.subarray(ends[at - 1] ?? 0, end)))])
      const whole = Buffer.from(bytes)
      const wanted = Array.from({ length: Math.floor(bytes.length / 2) }, (_, at) =>
        whole.readInt16LE(at * 2),
      )
      expect(got).toEqual(wanted)
    }),
  )
})

describe('the waveform', () => {
  const peaks = peaksOf([0, 32_767, -32_768, 0, 255, -256])

  it('is read by waveform-data with its times and its values', () => {
    const read = WaveformData.create(
      JSON.parse(JSON.stringify(waveformDocument(peaks, 40))) as JsonWaveformData,
    )
    expect([read.length, read.bits, read.duration]).toEqual([3, 8, expect.closeTo(0.15)])
    const channel = read.channel(0)
    expect([channel.min_array(), channel.max_array()]).toEqual([
      [0, -128, -1],
      [127, 0, 0],
    ])
  })

  it('as a picture has a column for each part and a line where it is silent', () => {
    const png = waveformPicture(peaks)
    expect(png.toString('latin1', 12, 16)).toBe('IHDR')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([PICTURE.width, PICTURE.height])
    const at = png.indexOf('IDAT')
    const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)))
    const column = (x: number) =>
      Array.from({ length: PICTURE.height }, (_, y) => rows[y * (PICTURE.width + 1) + 1 + x])
    expect(column(0).indexOf(1)).toBe(0)
    expect(column(600).lastIndexOf(1)).toBe(PICTURE.height - 1)
    expect(column(1_100).filter((pixel) => pixel === 1).length).toBeLessThanOrEqual(3)
    expect(column(1_100)).toContain(1)
  })
})
