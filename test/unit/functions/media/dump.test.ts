import { describe, expect, it } from 'vitest'
import { parseDump } from '../../../../functions/media/dump.ts'
import { ffprobeSchema, toMediaInfo } from '../../../../functions/media/media-info.ts'

/** As FFmpeg 5.1 and the ffprobe of 2023 print it. */
const TELETEXT = `[libzvbi_teletextdec @ 0x55e6] Codec (libzvbi_teletextdec) not on whitelist 'h264'
Input #0, mpegts, from 'file:source':
  Duration: 00:01:08.64, start: 0.840600, bitrate: 714 kb/s
  Program 1 
    Metadata:
      service_name    : Service01
  Stream #0:0[0x100]: Video: hevc (Main 10) ([36][0][0][0] / 0x0024), yuv420p10le(tv, bt2020nc/bt2020/smpte2084, progressive), 320x180 [SAR 1:1 DAR 16:9], 29.97 fps, 25 tbr, 90k tbn
    Side data:
      displaymatrix: rotation of -90.00 degrees
  Stream #0:1[0x101](eng): Audio: ac3 (AC-3 / 0x332D4341), 48000 Hz, 5.1(side), fltp, 448 kb/s (default)
  Stream #0:2[0x120](deu): Subtitle: dvb_teletext ([6][0][0][0] / 0x0006)
Could not open codec for input stream 2`

const media = (text: string) => {
  const dump = parseDump(text.split('\n'))
  return dump && toMediaInfo(ffprobeSchema.parse(dump), [], true)
}

describe('parseDump', () => {
  it('finds what ffprobe would have described', () => {
    expect(media(TELETEXT)).toEqual({
      format: 'mpegts',
      isDurationEstimated: true,
      startSeconds: 0.8406,
      durationSeconds: 68.64,
      bitRate: 714_000,
      video: [
        {
          index: 0,
          codec: 'hevc',
          profile: 'Main 10',
          isDefault: false,
          width: 320,
          height: 180,
          framesPerSecond: 29.97,
          pixelFormat: 'yuv420p10le',
          isHdr: true,
          rotation: 90,
        },
      ],
      audio: [
        {
          index: 1,
          codec: 'ac3',
          language: 'eng',
          isDefault: true,
          sampleRate: 48_000,
          channels: 6,
          channelLayout: '5.1(side)',
          bitRate: 448_000,
        },
      ],
      subtitles: [{ index: 2, codec: 'dvb_teletext', language: 'deu', isDefault: false, isAccepted: false }],
      covers: [],
      data: [],
      chapters: 0,
    })
  })

  it('knows covers, lengths in tags, and streams without a codec', () => {
    const found = media(`Input #0, matroska,webm, from 'file:source':
  Metadata:
    title           : x
  Duration: N/A, start: 0.000000, bitrate: N/A
  Chapters:
    Chapter #0:0: start 0.000000, end 2.000000
      Metadata:
        title           : one
  Stream #0:0: Audio: truehd, 48000 Hz, 0 channels
    Metadata:
      DURATION        : 00:00:04.005000000
  Stream #0:1: Video: tiff, none, 64x64, 90k tbr, 90k tbn (attached pic)
  Stream #0:2: Data: none (tmcd / 0x64636D74)
  Stream #0:3: Attachment: none`)
    expect(found).toMatchObject({
      audio: [{ codec: 'truehd', durationSeconds: 4.005, isAccepted: false }],
      covers: [{ codec: 'tiff', isAccepted: false }],
      data: [{ codec: 'unknown' }, { codec: 'unknown' }],
      chapters: 1,
    })
    expect(found).not.toHaveProperty('durationSeconds')
  })

  it.each([
    { what: 'a tag named like a stream', line: '    Stream #0:3: Video: h264: yuv420p, 9000x9000' },
    { what: 'the second line of a tag', line: '                    : Stream #0:3: Video: h264' },
  ])('takes no stream from $what', ({ line }) => {
    expect(media(`${TELETEXT}\n${line}`)).toEqual(media(TELETEXT))
  })

  it('is not fooled by streams that are listed twice, or not at all', () => {
    expect(parseDump(`${TELETEXT}\n  Stream #0:1: Video: h264, yuv420p, 64x64`.split('\n'))).toBeUndefined()
    expect(parseDump(TELETEXT.split('\n').slice(0, 3))).toBeUndefined()
    expect(parseDump([])).toBeUndefined()
  })
})
