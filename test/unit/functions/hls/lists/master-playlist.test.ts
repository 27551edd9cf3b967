import { describe, expect, test } from 'vitest'
import {
  languageTag,
  masterPlaylist,
  type Presentation,
} from '../../../../../functions/hls/lists/master-playlist.ts'

const rates = (bits: number) => ({ peakBitsPerSecond: bits, averageBitsPerSecond: bits / 2 })
const picture = { codec: 'avc1.64001F', width: 1280, height: 720, framesPerSecond: 25 }
const sound = { codec: 'mp4a.40.2', channels: 2, isDefault: true }
const film: Presentation = {
  variants: [
    { uri: '720p/index.m3u8', ...picture, ...rates(2_000_000) },
    {
      uri: '360p/index.m3u8',
      ...picture,
      width: 640,
      height: 360,
      ...rates(600_000),
      keyPictures: { uri: '360p/iframes.m3u8', ...rates(50_000) },
    },
  ],
  sounds: [
    { uri: 'audio0/index.m3u8', ...sound, language: 'eng', title: 'Say "hi"', ...rates(128_000) },
    {
      uri: 'audio1/index.m3u8',
      ...sound,
      isDefault: false,
      language: 'eng',
      title: 'Say "hi"',
      ...rates(192_000),
    },
  ],
  subtitles: [{ uri: 'subs0/index.m3u8', language: 'ger' }],
  isIndependent: true,
}

describe('the playlist that a player opens', () => {
  const lines = masterPlaylist(film, '').split('\n')
  const attributes = (start: string) => lines.filter((line) => line.startsWith(start))

  test('states the bit rate of the picture with the largest sound, the smallest first', () => {
    expect(
      attributes('#EXT-X-STREAM-INF:').map((line) =>
        /BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+)/.exec(line)?.slice(1),
      ),
    ).toEqual([
      ['792000', '396000'],
      ['2192000', '1096000'],
    ])
  })

  test('names each sound once, without quotes inside, and its language as players know it', () => {
    const [first, second] = attributes('#EXT-X-MEDIA:TYPE=AUDIO')
    expect(first).toContain(`NAME="Say  hi ",LANGUAGE="en",DEFAULT=YES`)
    expect(second).toContain(`NAME="Say  hi  2",LANGUAGE="en",DEFAULT=NO`)
    expect(attributes('#EXT-X-MEDIA:TYPE=SUBTITLES')[0]).toContain('NAME="de",LANGUAGE="de"')
  })

  test('says which pictures are HDR, and nothing of others', () => {
    const hdr = film.variants.map((variant) => ({ ...variant, range: 'PQ' as const }))
    const said = masterPlaylist({ ...film, variants: hdr }, '').split('\n')
    const pictures = said.filter((line) => /^#EXT-X-(I-FRAME-)?STREAM-INF/.test(line))
    expect(pictures.map((line) => /VIDEO-RANGE=(\w+)/.exec(line)?.[1])).toEqual(['PQ', 'PQ', 'PQ'])
    expect(lines.join()).not.toContain('VIDEO-RANGE')
  })

  test('leads into a folder when it is elsewhere', () => {
    const moved = masterPlaylist(film, '~01H/')
    expect(moved).toContain('\n~01H/720p/index.m3u8\n')
    expect(moved).toContain('URI="~01H/audio0/index.m3u8"')
    expect(moved).toContain('URI="~01H/360p/iframes.m3u8"')
  })

  test('of sound alone has no resolution', () => {
    const alone = masterPlaylist({ ...film, variants: [], subtitles: [] }, '')
    expect(alone).toContain(
      '#EXT-X-STREAM-INF:BANDWIDTH=128000,AVERAGE-BANDWIDTH=64000,CODECS="mp4a.40.2"\naudio0/index.m3u8',
    )
    expect(alone).not.toContain('RESOLUTION')
  })
})

test.each([
  ['eng', 'en'],
  ['fre', 'fr'],
  ['fra', 'fr'],
  ['und', undefined],
  ['', undefined],
  [undefined, undefined],
  ['no such language', undefined],
  ['pt-BR', 'pt-BR'],
])('the language %s is %s to a player', (language, tag) => {
  expect(languageTag(language)).toBe(tag)
})
