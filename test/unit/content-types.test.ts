import { expect, it } from 'vitest'
import { contentTypeOf } from '../../runtime/content-types.ts'

it('is found by the extension, in either case; MP4 without a picture is audio', () => {
  expect(contentTypeOf('720p/seg-00001.m4s')).toBe('video/mp4')
  expect(contentTypeOf('audio-en/seg-00001.m4s', 'audio')).toBe('audio/mp4')
  expect(contentTypeOf('master.m3u8', 'audio')).toBe('application/vnd.apple.mpegurl')
  expect(contentTypeOf('poster.JPG')).toBe('image/jpeg')
})

it.each(['x', 'a.b/x', 'x.constructor', '.m4s', 'x.exe'])('is not guessed: %s', (name) => {
  expect(() => contentTypeOf(name)).toThrow(/no content type is known/)
})
