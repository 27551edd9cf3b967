import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { findBinaries } from '../../../../functions/ffmpeg/build/binaries.ts'
import { imageSize } from '../../../../functions/pictures/image-size.ts'
import { mustBe } from '../../../../functions/pictures/seek.ts'

const { ffmpegPath } = await findBinaries({})

it.each(['mjpeg', 'png', 'libwebp', 'libwebp -lossless 1'])(
  'reads width and height of a picture by %s',
  async (encoder) => {
    const words = `-v error -f lavfi -i testsrc2=s=322x184 -frames:v 1 -c:v ${encoder} -f image2pipe pipe:1`
    const { stdout } = await promisify(execFile)(ffmpegPath, words.split(' '), { encoding: 'buffer' })
    expect(imageSize(stdout)).toEqual({ width: 322, height: 184 })
  },
)

it('reads nothing of other bytes, of torn pictures and of none', () => {
  const torn = Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), Buffer.alloc(30)])
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(100), Buffer.from('x'.repeat(50)), torn])
    expect(imageSize(bytes)).toBeUndefined()
})

it('a picture that is not as large as planned is an error that names both sizes', () => {
  const planned = { width: 160, height: 90 }
  expect(() => mustBe(planned, planned, 'sprite-001.jpg')).not.toThrow()
  for (const other of [
    { width: 80, height: 90 },
    { width: 160, height: 45 },
  ])
    expect(() => mustBe(other, planned, 'sprite-001.jpg')).toThrow(
      `FFmpeg made ${other.width} x ${other.height} of sprite-001.jpg, and 160 x 90 was planned`,
    )
  expect(() => mustBe(undefined, planned, 'x')).toThrow(/^FFmpeg made no picture of x/)
})
