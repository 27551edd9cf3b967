import { array, assert, integer, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { everySeconds } from '../../../../../functions/hls/cut/cuts.ts'
import { FlawError, OpenGopError, type Segment } from '../../../../../functions/hls/cut/segmenter.ts'
import {
  createTransportSegmenter,
  UndescribedError,
} from '../../../../../functions/hls/transport/segmenter.ts'
import { ADTS, createTransport, DESCRIBED, PICTURE, SECOND, SOUND } from './packets.ts'

/** The source's 0. */
const ZERO = 10 * SECOND
const FRAME = SECOND / 25

function cut(bytes: readonly Buffer[], seconds = 2) {
  const segments: Segment[] = []
  const parts: Buffer[][] = []
  const segmenter = createTransportSegmenter({
    isCut: everySeconds(seconds),
    splinterSeconds: 0.5,
    onBytes: (part, each) => void (parts[part] ??= []).push(Buffer.from(each)),
    onSegment: (segment) => void segments.push(segment),
  })
  for (const each of bytes) segmenter.push(each)
  const track = segmenter.end()
  const files = segments.map((segment) => Buffer.concat(segment.parts.flatMap((part) => parts[part] ?? [])))
  return { track, segments, files, times: segments.map(({ startSeconds, seconds: s }) => [startSeconds, s]) }
}

interface FilmOptions {
  readonly frames?: number
  readonly from?: number
  readonly hasSound?: boolean
  /** Before every keyframe, as FFmpeg does; otherwise only at the beginning. */
  readonly areTablesRepeated?: boolean
}

/** A keyframe each second, with pictures that are shown in another order than they are decoded in. */
function film({ frames = 100, from = ZERO, hasSound = true, areTablesRepeated = true }: FilmOptions = {}) {
  const transport = createTransport(hasSound ? {} : { types: { [PICTURE]: 0x1b } })
  const packets: Buffer[] = [transport.tables()]
  for (let index = 0; index < frames; index++) {
    const isKey = index % 25 === 0
    // Decoded as I P B P B …: each B is shown before the P in front of it.
    const shown = isKey ? index : (index % 25) % 2 === 1 ? index + 1 : index - 1
    if (isKey && index > 0 && areTablesRepeated) packets.push(transport.tables())
    packets.push(transport.unit({ pid: PICTURE, at: from + shown * FRAME, isKey }))
    if (hasSound) packets.push(transport.unit({ pid: SOUND, at: from + index * FRAME - 1_920, isKey: true }))
  }
  return packets
}

describe('segments of a transport stream', () => {
  test('have the times of their first pictures, not of their packets, and lie together without a byte lost', () => {
    const packets = film()
    const { track, times, files } = cut(packets)
    expect(times).toEqual([
      [0, 2],
      [2, 2],
    ])
    expect(track).toMatchObject({
      kind: 'video',
      codec: 'avc1.64001F,mp4a.40.2',
      samples: 100,
      soundSamples: 100,
      startSeconds: 0,
      endSeconds: 4,
      pictureSeconds: 4,
    })
    expect(Buffer.concat(files).equals(Buffer.concat(packets))).toBe(true)
  })

  test('are the same however the pipe divides the bytes', () => {
    const whole = Buffer.concat(film({ frames: 30, hasSound: false }))
    const told = (bytes: readonly Buffer[]) => {
      const { files, ...more } = cut(bytes, 1)
      return JSON.stringify([more, files.map((file) => file.toString('latin1'))])
    }
    const expected = told([whole])
    assert(
      property(array(integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 40 }), (lengths) => {
        const pieces: Buffer[] = []
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const length = lengths[turn % lengths.length] ?? 1
          pieces.push(whole.subarray(at, at + length))
          at += length
        }
        expect(told(pieces) === expected).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  test('begin with tables, also where FFmpeg puts none: the last ones again', () => {
    const { files } = cut(film({ areTablesRepeated: false }))
    expect(files).toHaveLength(2)
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = files
    expect(second.subarray(0, 376)).toEqual(first.subarray(0, 376))
    expect(second.readUInt16BE(377) & 0x1fff).toBe(PICTURE)
  })

  test('continue when the clock of 33 bits begins again', () => {
    const { times, track } = cut(film({ from: 2 ** 33 - SECOND, hasSound: false }), 1)
    expect(times.map(([, seconds]) => seconds)).toEqual([1, 1, 1, 1])
    expect(track.endSeconds - track.startSeconds).toBeCloseTo(4, 6)
  })

  test('include sound that begins long before the picture and ends long after it', () => {
    const transport = createTransport()
    const sound = (at: number) => transport.unit({ pid: SOUND, at: ZERO + at * SECOND, isKey: true })
    const picture = (at: number) => transport.unit({ pid: PICTURE, at: ZERO + at * SECOND, isKey: true })
    const { track } = cut([
      transport.tables(),
      ...[0, 0.5, 1].map(sound),
      ...[1.5, 2].map(picture),
      ...[2.5, 3, 3.5].map(sound),
    ])
    expect(track).toMatchObject({ startSeconds: 0, endSeconds: 4, pictureSeconds: 1 })
  })

  test('of sound alone are cut at packets of sound', () => {
    const transport = createTransport({ types: { [SOUND]: 0x0f } })
    const packets = [transport.tables()]
    for (let index = 0; index < 50; index++)
      packets.push(
        transport.unit({ pid: SOUND, at: ZERO + index * 0.1 * SECOND, isKey: true, payload: ADTS }),
      )
    const { track, segments } = cut(packets)
    expect(segments.map(({ startSeconds }) => startSeconds)).toEqual([0, 2, 4])
    expect(track).toMatchObject({ kind: 'audio', codec: 'mp4a.40.2', samples: 50 })
  })

  test('join a last one that is too short', () => {
    expect(cut(film({ frames: 105 })).times).toEqual([
      [0, 2],
      [2, 2.2],
    ])
  })
})

describe('a transport stream is refused', () => {
  const broken = (change: (packets: Buffer[]) => readonly Buffer[]) => () => cut(change(film()))
  test.each([
    ['where a packet is missing', (packets: Buffer[]) => packets.filter((_, index) => index !== 7)],
    [
      'where a packet is cut off',
      (packets: Buffer[]) => [...packets.slice(0, -1), packets.at(-1)!.subarray(9)],
    ],
    ['where its last packet is not whole', (packets: Buffer[]) => [...packets, Buffer.from([0x47, 0])]],
    ['without tables', (packets: Buffer[]) => packets.slice(1)],
    ['without anything', () => []],
    [
      'where a packet is marked as damaged',
      (packets: Buffer[]) => {
        packets[5]![1]! |= 0x80
        return packets
      },
    ],
    [
      'where a picture has no time',
      (packets: Buffer[]) => {
        const at = packets[9]!.indexOf(Buffer.from([0, 0, 1, 0xe0]))
        packets[9]![at + 7] = 0
        return packets
      },
    ],
  ])('%s', (_, change) => {
    expect(broken(change)).toThrow(FlawError)
  })

  test('where it begins without a keyframe', () => {
    const transport = createTransport()
    expect(() => cut([transport.tables(), transport.unit({ pid: PICTURE, at: ZERO })])).toThrow(
      'it begins without a keyframe',
    )
  })

  test('with a stream that players do not know', () => {
    const transport = createTransport({ types: { [PICTURE]: 0x24 } })
    expect(() => cut([transport.tables()])).toThrow('a stream of type 36')
  })

  test('where a picture is shown before the keyframe that it follows: the GOP is open', () => {
    const transport = createTransport()
    const packets = [
      transport.tables(),
      transport.unit({ pid: PICTURE, at: ZERO + SECOND, isKey: true }),
      transport.unit({ pid: PICTURE, at: ZERO + SECOND - FRAME }),
    ]
    expect(() => cut(packets)).toThrow(OpenGopError)
  })

  test('where a segment begins with a keyframe that is not described', () => {
    const transport = createTransport()
    const bare = DESCRIBED.subarray(DESCRIBED.length - 6)
    const at = (seconds: number, payload: Buffer) =>
      transport.unit({ pid: PICTURE, at: ZERO + seconds * SECOND, isKey: true, payload })
    // In the middle of a segment it may be so.
    expect(cut([transport.tables(), at(0, DESCRIBED), at(1, bare)]).segments).toHaveLength(1)
    expect(() => cut([transport.tables(), at(0, DESCRIBED), at(2, bare)])).toThrow(UndescribedError)
  })
})
