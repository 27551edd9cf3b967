import { expect, it } from 'vitest'
import { ffprobeSchema, toMediaInfo } from '../../../../functions/media/media-info.ts'
import { deinterlace, pictureFilters } from '../../../../functions/pictures/filters.ts'
import { coverOf, filmOf, type PictureTrack } from '../../../../functions/pictures/track.ts'

const film = {
  index: 0,
  codec_type: 'video',
  codec_name: 'h264',
  width: 720,
  height: 576,
  avg_frame_rate: '25/1',
}
const inspected = (...streams: readonly object[]) => {
  const document = {
    streams,
    format: { format_name: 'mov,mp4,m4a,3gp,3g2,mj2', duration: '9.0', start_time: '1.0' },
  }
  return { document, media: toMediaInfo(ffprobeSchema.parse(document), []) }
}

it('is as wide as its pixels make it, and as a player turns it', () => {
  const wide = { ...film, sample_aspect_ratio: '64:45' }
  expect(filmOf(inspected(wide))).toMatchObject({ width: 1_024, height: 576, codedPixels: 414_720 })
  const turned = { ...wide, side_data_list: [{ rotation: -90 }] }
  expect(filmOf(inspected(turned))).toMatchObject({ width: 576, height: 1_024 })
  for (const sample_aspect_ratio of ['0:1', '1:0', '1:99', 'x'])
    expect(filmOf(inspected({ ...film, sample_aspect_ratio }))).toMatchObject({ width: 720 })
})

it('ends where its own track ends, counted from the beginning of the file', () => {
  const own = { ...film, start_time: '1.5', duration: '4.0' }
  expect(filmOf(inspected(own))?.endSeconds).toBe(4.5)
  expect(filmOf(inspected(film))?.endSeconds).toBe(9)
})

it('is a film before it is a cover, and nothing where there is only sound', () => {
  const cover = { ...film, index: 1, codec_name: 'mjpeg', disposition: { attached_pic: 1 } }
  const sound = { index: 2, codec_type: 'audio', codec_name: 'mp3' }
  expect(filmOf(inspected(cover, sound))).toBeUndefined()
  expect(coverOf(inspected(cover, sound))).toMatchObject({ index: 1, isCover: true })
  expect(filmOf(inspected(film, cover))).toMatchObject({ index: 0, isCover: false })
  expect([filmOf(inspected(sound)), coverOf(inspected(sound))]).toEqual([undefined, undefined])
  expect(filmOf(inspected({ ...film, width: 0 }))).toBeUndefined()
})

const filters = (stream: object, canToneMap = true) =>
  pictureFilters({
    track: filmOf(inspected({ ...film, ...stream })) as PictureTrack,
    size: { width: 160, height: 90 },
    target: 'jpg',
    canToneMap,
  })

it('takes the matrix that the file names, and else that of HD or SD by its height', () => {
  expect(filters({ color_space: 'bt470bg', height: 1_080 })).toContain('in_color_matrix=bt470bg')
  expect(filters({ height: 1_080 })).toContain('in_color_matrix=bt709')
  expect(filters({ color_space: 'hostile:x=1' })).toContain('in_color_matrix=smpte170m')
})

it('is tone-mapped where it is HDR and this FFmpeg can', () => {
  const pq = { color_transfer: 'smpte2084' }
  expect(filters(pq)).toContain('zscale=tin=16')
  expect(filters({ color_transfer: 'arib-std-b67' })).toContain('zscale=tin=18')
  expect(filters(pq, false)).not.toContain('zscale')
  expect(filters({})).not.toContain('zscale')
})

it('is deinterlaced from its neighbours, or from one field where pictures come alone', () => {
  const track = filmOf(inspected({ ...film, field_order: 'tt' })) as PictureTrack
  expect([deinterlace(track, false), deinterlace(track, true)]).toEqual([
    ['yadif=deint=interlaced'],
    ['field=type=top'],
  ])
  expect(deinterlace(filmOf(inspected(film)) as PictureTrack, true)).toEqual([])
})
