import { describe, expect, it } from 'vitest'
import { pictureFacts } from '../../../../functions/media/picture-facts.ts'

const factsOf = (stream: object) => pictureFacts({ streams: [{ index: 3, ...stream }] }, 3)

describe('pictureFacts', () => {
  it.each([
    ['1/25', '1:90000', '1:975'],
    ['1/600', '1:90000', '1:600'],
    ['1/12800', '1:102400', '1:999'],
    ['1001/24000', '1:96000', '1:999'],
    ['1/1000000', '1:1000000', '1:999'],
    ['1/2147483647', '1:90000', '1:999'],
  ])(
    'has a clock on which all times of a clock of %s are whole, %s, and a coarse one, %s',
    (time_base, clock, coarseClock) => {
      expect(factsOf({ time_base })).toMatchObject({ clock, coarseClock })
    },
  )
  it.each(['0/0', '1/0', '', 'N/A'])('has no clock of its own for %j', (time_base) => {
    expect(factsOf({ time_base })).not.toHaveProperty('clock')
  })
  it('names colours by numbers, and leaves out what is unknown or RGB', () => {
    const hlg = { color_primaries: 'bt2020', color_transfer: 'arib-std-b67', color_space: 'bt2020nc' }
    expect(factsOf(hlg).colours).toBe('-color_primaries 9 -color_trc 18 -colorspace 9')
    expect(factsOf({ color_primaries: 'unknown', color_space: 'gbr' }).colours.trim()).toBe('')
  })
  it('has an even rate only where the average is the real one', () => {
    expect(factsOf({ avg_frame_rate: '25/1', r_frame_rate: '25/1' }).evenRate).toBe('25/1')
    expect(factsOf({ avg_frame_rate: '30000/1157', r_frame_rate: '600/1' })).not.toHaveProperty('evenRate')
    expect(factsOf({ avg_frame_rate: '0/0', r_frame_rate: '25/1' })).not.toHaveProperty('evenRate')
  })
  it('sees transparency in the kind of pixels and in the tag of WebM', () => {
    expect(factsOf({ pix_fmt: 'yuv420p' }).hasAlpha).toBe(false)
    expect(factsOf({ pix_fmt: 'yuva444p12le' }).hasAlpha).toBe(true)
    expect(factsOf({ pix_fmt: 'gbrap' }).hasAlpha).toBe(true)
    expect(factsOf({ pix_fmt: 'yuv420p', tags: { ALPHA_MODE: '1' } }).hasAlpha).toBe(true)
  })
  it.each([
    ['tt', true],
    ['bt', true],
    ['progressive', false],
    ['unknown', false],
  ])('takes a picture of field order %s for interlaced: %s', (field_order, isInterlaced) => {
    expect(factsOf({ field_order }).isInterlaced).toBe(isInterlaced)
  })
})
