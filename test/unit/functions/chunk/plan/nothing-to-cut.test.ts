import { describe, expect, it } from 'vitest'
import { planChunks } from '../../../../../functions/media/container.ts'
import { parseDump } from '../../../../../functions/media/dump.ts'
import { ffprobeSchema, toMediaInfo } from '../../../../../functions/media/media-info.ts'
import { whyNothing } from '../../../../../functions/chunk/plan/left-out.ts'

function why(streams: 'all' | 'audio', ...lines: readonly string[]): string | undefined {
  const text = lines.map((line, index) => `  Stream #0:${index}: ${line}`)
  const media = toMediaInfo(ffprobeSchema.parse(parseDump(['Input #0, avi, from x', ...text])), [], true)
  return whyNothing(media, planChunks(media, { mode: 'copy', streams, isWebm: false }), streams)
}
const H264 = 'Video: h264, yuv420p, 64x64'
const RARE = 'Video: magicyuv, gbrp, 64x64'
const UNKNOWN = 'Video: none, none, 64x64'
const AAC = 'Audio: aac, 48000 Hz, mono'

describe('whyNothing', () => {
  it.each([
    { streams: ['all', RARE], says: 'its video codec (magicyuv) is not accepted here' },
    {
      streams: ['all', UNKNOWN],
      says: 'its video has a codec that this FFmpeg does not know: re-encode it with another codec',
    },
    {
      streams: ['all', RARE, AAC],
      says: 'its video codec (magicyuv) is not accepted here; streams=audio cuts the sound alone',
    },
    {
      streams: ['all', 'Audio: nellymoser, 8000 Hz, mono'],
      says: 'its audio codec (nellymoser) is not accepted here',
    },
    { streams: ['audio', H264], says: 'the file has no audio' },
    {
      streams: ['audio', H264, 'Audio: truehd, 48000 Hz, mono'],
      says: 'its audio codec (truehd) is not accepted here',
    },
    { streams: ['all', 'Subtitle: subrip'], says: 'the file has neither video nor audio' },
    { streams: ['all', H264, RARE, 'Audio: truehd, 48000 Hz, mono'], says: undefined },
    { streams: ['all', UNKNOWN, AAC], says: undefined },
    { streams: ['audio', RARE, AAC], says: undefined },
  ] as const)('says of $streams: $says', ({ streams: [wanted, ...lines], says }) => {
    expect(why(wanted, ...lines)).toBe(says)
  })
})
