import { describe, expect, test } from 'vitest'
import * as checks from '../../../../functions/hls/checks.ts'
import type { MadeTrack } from '../../../../functions/hls/track-files.ts'
import type { MediaInfo } from '../../../../functions/media/media-info.ts'

function track(lengths: readonly number[], more: Partial<MadeTrack> = {}): MadeTrack {
  let at = 0
  const segments = lengths.map((seconds, index) => {
    const startSeconds = at
    at += seconds
    return {
      name: `seg-0000${index}.m4s`,
      sizeBytes: 1_000,
      startTicks: startSeconds * 90_000,
      endTicks: at * 90_000,
      startSeconds,
      seconds,
      keyPictures: [],
    }
  })
  return {
    name: '720p',
    kind: 'video',
    codec: 'avc1.64001F',
    width: 1_280,
    height: 720,
    ticksPerSecond: 90_000,
    edits: [],
    defaults: { ticks: 0, bytes: 0, flags: 0 },
    shiftTicks: 0,
    samples: 25 * at,
    startSeconds: 0,
    endSeconds: at,
    segments,
    ...more,
  }
}

const PLANNED = { name: '720p', how: 'encode', width: 1_280, height: 720, bitsPerSecond: 2_800_000 } as const

function media(durationSeconds: number, isDurationEstimated = false): MediaInfo {
  const video = [{ index: 0, codec: 'h264', isDefault: true, rotation: 0, isHdr: false, durationSeconds }]
  return {
    format: 'mov,mp4',
    isDurationEstimated,
    durationSeconds,
    video,
    audio: [],
    subtitles: [],
    covers: [],
    data: [],
    chapters: 0,
  }
}

describe('a presentation that is whole', () => {
  test('has nothing against it', () => {
    const good = track([6, 6, 3])
    const { video } = media(15)
    expect([
      checks.wrongSum(good),
      checks.overTarget(good, 6),
      checks.apart(good, track([6, 6, 3])),
      checks.unequalPictures(good, track([6, 6, 3])),
      checks.missingPackets(good, 375),
      checks.wrongEnd([good], media(15), video),
      checks.wrongPicture(good, PLANNED, 25),
      checks.unexplained([good], 1_000_000),
    ]).toEqual(Array(8).fill(undefined))
  })
})

describe('a presentation is refused', () => {
  test('when its segments do not add up to the track, or one lasts no time', () => {
    expect(checks.wrongSum(track([6, 6], { endSeconds: 12.1 }))).toBe(
      '720p: its segments last 12.000000 s together, and the track 12.100000 s',
    )
    expect(checks.wrongSum(track([6, 0]))).toBe('720p: a segment lasts no time')
  })

  test('when a segment lasts longer than the target', () => {
    expect(checks.overTarget(track([6, 6.6]), 6)).toBe(
      '720p: seg-00001.m4s lasts 6.600 s, and the target is 6',
    )
  })

  test('when a player could not switch from one rendition to another', () => {
    expect(checks.apart(track([6, 6, 3]), track([6, 5.99, 3.01], { name: '480p' }))).toBe(
      'segment 2 of 480p begins at 11.990 s, and that of 720p at 12.000 s',
    )
    expect(checks.apart(track([6, 9]), track([6, 6, 3], { name: '480p' }))).toBe(
      '480p has 3 segments, and 720p has 2',
    )
    expect(checks.apart(track([6, 9]), track([6.001, 8.999]))).toBeUndefined()
  })

  test('when a rendition has other pictures than another, or a copy fewer than its source', () => {
    expect(checks.unequalPictures(track([6]), track([6], { name: '480p', samples: 149 }))).toBe(
      '480p has 149 pictures, and 720p has 150',
    )
    expect(checks.missingPackets(track([6]), 151)).toBe('720p has 150 of the 151 packets of the file')
  })

  test('when it ends elsewhere than the file declares', () => {
    const { video } = media(15)
    expect(checks.wrongEnd([track([6, 6])], media(15), video)).toBe(
      'the file declares 15.0 s, but 12.0 s could be read: it is truncated or damaged',
    )
    expect(checks.wrongEnd([track([6, 12])], media(15), video)).toMatch(/its time stamps are wrong/)
    expect(checks.wrongEnd([track([0.76])], media(1.23), video)).toMatch(/truncated/)
    expect(checks.wrongEnd([track([6, 6])], media(15, true), video)).toBeUndefined()
  })

  test('when a track that was decoded ends before its stream does, although another reaches the end', () => {
    const whole = media(40)
    const [stream] = whole.video
    const audio = { index: 1, codec: 'ac3', isDefault: true, durationSeconds: 20 }
    expect(stream && checks.endsEarly(track([6, 6, 6, 2]), whole, stream)).toBe(
      '720p ends at 20.0 s, and the file declares 40.0 s of it: what follows could not be decoded',
    )
    expect(checks.endsEarly(track([6, 6, 6, 2]), whole, audio)).toBeUndefined()
    // FFmpeg's Matroska counts from the beginning of the file.
    const late = { ...audio, startSeconds: 10, durationSeconds: 30 }
    const matroska = { ...whole, format: 'matroska,webm' }
    expect(checks.endsEarly(track([30]), matroska, late)).toBeUndefined()
    expect(checks.endsEarly(track([30]), whole, late)).toMatch(/declares 40.0 s/)
  })

  test('when a picture is not as it was asked for', () => {
    expect(checks.wrongPicture(track([6], { codec: 'avc1.64003E' }), PLANNED, 25)).toBe(
      '720p has level 6.2 of H.264, and 3.1 was asked for',
    )
    expect(checks.wrongPicture(track([6], { width: 640, height: 360 }), PLANNED, 25)).toBe(
      '720p is 640 x 360, and 1280 x 720 was asked for',
    )
  })

  test('when a copy is larger than its file can explain', () => {
    const large = track([6])
    const segments = large.segments.map((segment) => ({ ...segment, sizeBytes: 10 ** 9 }))
    expect(checks.unexplained([{ ...large, segments }], 1_000)).toMatch(/larger than the file can explain/)
  })
})
