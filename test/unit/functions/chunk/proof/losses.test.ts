import { describe, expect, it } from 'vitest'
import {
  hiddenWarnings,
  isTorn,
  lossesOf,
  lossWarning,
  tornReason,
} from '../../../../../functions/chunk/proof/losses.ts'
import type { VideoStream } from '../../../../../functions/media/media-info.ts'
import type { DeclaredTrack } from '../../../../../functions/media/bytes/mp4-source.ts'

const video: VideoStream = { index: 0, codec: 'h264', isDefault: true, rotation: 0, isHdr: false }
const audio = { index: 2, codec: 'aac', isDefault: true }
const track = (packets: number, more: Partial<DeclaredTrack> = {}): DeclaredTrack => ({
  trackId: 1,
  kind: 'video',
  packets,
  mediaSeconds: 4,
  edits: 1,
  hiddenBefore: 0,
  hiddenAfter: 0,
  ...more,
})
const container = { muxer: 'mp4', extension: 'mp4', contentType: 'video/mp4' }
const plan = { kept: [video, audio], video, container }

interface Numbers {
  readonly mode?: 'copy' | 'exact'
  readonly declared?: readonly [DeclaredTrack, DeclaredTrack]
  readonly read?: readonly [number, number]
  readonly decoded?: number
  readonly encoded?: number
  readonly muxed?: readonly [number, number]
  readonly written?: readonly number[]
  readonly codec?: string
}

function optionsOf({ mode = 'copy', declared, read = [40, 174], decoded, encoded, ...of }: Numbers) {
  const { muxed = read, written = muxed, codec = 'aac' } = of
  const sound = { ...audio, codec }
  return {
    mode,
    inspection: declared
      ? {
          declared: new Map([
            [0, declared[0]],
            [2, declared[1]],
          ]),
        }
      : {},
    plan: { ...plan, kept: [video, sound] },
    counts: {
      read: new Map([
        [0, { packets: read[0], ...(decoded !== undefined && { decoded }) }],
        [2, { packets: read[1] }],
      ]),
      muxed: new Map([
        [0, { packets: muxed[0], ...(encoded !== undefined && { encoded }) }],
        [1, { packets: muxed[1] }],
      ]),
    },
    written,
    hidden: [],
    isCutOff: false,
  }
}
const losses = (numbers: Numbers) => lossesOf(optionsOf(numbers))

describe('packets that are lost', () => {
  it('are empty when everything declared was read, and what was read was written', () => {
    expect(losses({ declared: [track(40), track(174)] })).toEqual([])
    expect(losses({})).toEqual([])
  })

  it('are found for every track, at the first place where some are missing', () => {
    expect(losses({ declared: [track(40), track(174)], read: [11, 174], muxed: [11, 170] })).toMatchObject([
      { stream: { index: 0 }, at: 'read', expected: 40, found: 11 },
      { stream: { index: 2 }, at: 'written', expected: 174, found: 170 },
    ])
    expect(losses({ written: [39, 174] })).toMatchObject([
      { stream: { index: 0 }, at: 'written', expected: 40, found: 39 },
    ])
  })

  it('are not those that an edit list hides, nor counted where several edits repeat or leave out some', () => {
    const hidden = track(40, { hiddenBefore: 3, hiddenAfter: 10 })
    expect(losses({ declared: [hidden, track(174)], read: [27, 174] })).toEqual([])
    expect(losses({ declared: [hidden, track(174)], read: [26, 174] })).toHaveLength(1)
    expect(losses({ declared: [track(400, { edits: 2 }), track(174)] })).toEqual([])
  })

  it('are not counted for sound whose packets are not samples of the tables', () => {
    expect(
      losses({ codec: 'pcm_s16le', declared: [track(40), track(96_000)], written: [40, 96_000] }),
    ).toEqual([])
    expect(losses({ codec: 'eac3', written: [40, 29] })).toEqual([])
  })

  it('are pictures that were decoded and not encoded, where pictures are re-encoded', () => {
    expect(losses({ mode: 'exact', decoded: 40, encoded: 21, muxed: [21, 90] })).toMatchObject([
      { stream: { index: 0 }, at: 'encoded', expected: 40, found: 21 },
    ])
    expect(losses({ mode: 'exact', decoded: 40, encoded: 40, muxed: [40, 90] })).toEqual([])
  })
})

describe('what an edit list hides', () => {
  const hidden = (written: readonly number[], after: number) =>
    hiddenWarnings(
      optionsOf({ declared: [track(40, { hiddenAfter: 10 }), track(174, { hiddenAfter: after })], written }),
    )
  it('is reported where the chunks show it', () => {
    expect(hidden([30, 174], 0)).toEqual([])
    expect(hidden([31, 174], 0)).toEqual([
      expect.stringContaining("1 picture that the file's edit list hides can be seen"),
    ])
  })
  it('is reported where it is most of a stream', () => {
    expect(hidden([30, 1], 173)).toEqual([
      "stream 2 (aac): the file's edit list hides 173 of its 174 packets: they are not in the chunks",
    ])
  })
})

describe('a file', () => {
  const loss = (stream: typeof audio, expected: number, found: number) =>
    ({ stream, at: 'read', expected, found }) as const
  it('is torn when each of its streams lacks more than a second and a hundredth', () => {
    const both = [loss(video, 40, 11), loss(audio, 174, 1)]
    expect(isTorn(both, [video, audio], 4)).toBe(true)
    expect(tornReason(both)).toBe(
      'stream 0 (h264): 11 of the 40 packets that the file declares could be read; stream 2 (aac): 1 of the 174 packets that the file declares could be read: the file is truncated or damaged',
    )
    expect(isTorn([loss(video, 40, 11)], [video, audio], 4)).toBe(false)
    expect(isTorn([loss(video, 100, 80), loss(audio, 174, 1)], [video, audio], 4)).toBe(false)
  })
  it('is not torn by pictures that share a time: all were decoded, and only one of each time is encoded', () => {
    const loss = { stream: video, at: 'encoded', expected: 1_000, found: 900 } as const
    expect(isTorn([loss], [video], 40)).toBe(false)
    expect(isTorn([{ ...loss, at: 'written' }], [video], 40)).toBe(true)
    expect(lossWarning(loss)).toBe(
      'stream 0 (h264): 900 of its 1000 pictures are in the chunks; 100 came at the same time as another',
    )
  })
  it('that lacks less gets a warning with both numbers', () => {
    expect(lossWarning({ stream: audio, at: 'written', expected: 174, found: 170 })).toBe(
      'stream 2 (aac): 170 of the 174 packets that were read are in the chunks',
    )
  })
})
