import { describe, expect, it } from 'vitest'
import {
  baseAfter,
  baseFor,
  endedPlaylist,
  FIRST_BASE,
  livePlaylist,
  playable,
} from '../../../../runtime/reception/playlist/playlist.ts'
import { pieceUri } from '../../../../runtime/reception/names.ts'
import { timelineOf } from '../../../../runtime/reception/playlist/timeline.ts'
import { AT_MS, take } from '../pieces.ts'

const OF = { name: 'cam1', session: '20261129T221841Z-ba02e7' }
const BASE = { ...FIRST_BASE, targetSeconds: 4 }
const entriesOf = (...pieces: ReturnType<typeof take>) => timelineOf(pieces, []).entries
const tag = (text: string, name: string) => new RegExp(`^#EXT-X-${name}:(.*)$`, 'm').exec(text)?.[1]
const uris = (text: string) => text.split('\n').filter((line) => /^[^#]/.test(line))

/** Ten takes of ten pieces each: a joint before each but the first. */
const LONG = entriesOf(
  ...Array.from({ length: 10 }, (_, n) =>
    take(n + 1, Array(10).fill(4) as number[], { atMs: AT_MS + n * 60_000 }),
  ).flat(),
)

describe('a live playlist', () => {
  it('names the pieces from its own folder, with their lengths', () => {
    expect(livePlaylist(OF, entriesOf(...take(1, [4, 4.04])), BASE, 600)).toBe(
      [
        '#EXTM3U',
        '#EXT-X-VERSION:6',
        '#EXT-X-INDEPENDENT-SEGMENTS',
        '#EXT-X-TARGETDURATION:4',
        '#EXT-X-MEDIA-SEQUENCE:0',
        '#EXT-X-PROGRAM-DATE-TIME:2026-11-29T22:18:37.000Z',
        '#EXTINF:4.000000,',
        '../../../../incoming/streams/cam1/20261129T221841Z-ba02e7/001-000000.ts',
        '#EXTINF:4.040000,',
        '../../../../incoming/streams/cam1/20261129T221841Z-ba02e7/001-000001.ts',
        '',
      ].join('\n'),
    )
  })

  it('slides over the newest pieces and counts those that it leaves behind, and their joints', () => {
    const text = livePlaylist(OF, LONG, BASE, 100)
    expect(uris(text)).toHaveLength(25)
    expect(tag(text, 'MEDIA-SEQUENCE')).toBe('75')
    // Of the nine joints, seven are before take 8's sixth piece.
    expect(tag(text, 'DISCONTINUITY-SEQUENCE')).toBe('7')
    expect(text.match(/^#EXT-X-DISCONTINUITY$/gm)).toHaveLength(2)
    expect(text.match(/^#EXT-X-PROGRAM-DATE-TIME/gm)).toHaveLength(3)
  })

  it('keeps three target durations at least', () => {
    expect(uris(livePlaylist(OF, LONG, { ...BASE, targetSeconds: 10 }, 1))).toHaveLength(8)
    expect(uris(livePlaylist(OF, LONG, BASE, 1))).toHaveLength(3)
  })

  it('gives each piece the same number and date in every window that names it', () => {
    const seen = new Map<string, string>()
    for (let length = 1; length <= LONG.length; length++) {
      const text = livePlaylist(OF, LONG.slice(0, length), BASE, 60)
      const first = Number(tag(text, 'MEDIA-SEQUENCE'))
      let joints = Number(tag(text, 'DISCONTINUITY-SEQUENCE') ?? 0)
      const lines = text.split('\n')
      let index = 0
      for (const [at, line] of lines.entries()) {
        if (line === '#EXT-X-DISCONTINUITY') joints++
        if (!/^[^#]/.test(line)) continue
        const number = `${first + index++} ${joints}`
        expect(seen.get(line) ?? number, `line ${at} of ${length}`).toBe(number)
        seen.set(line, number)
      }
    }
    expect(seen.size).toBe(LONG.length)
  })

  it('has a target that covers its longest piece, rounded, and never falls', () => {
    const long = baseFor(entriesOf(...take(1, [4, 7.4])), BASE)
    expect(long.targetSeconds).toBe(7)
    expect(baseFor(entriesOf(...take(1, [4])), long).targetSeconds).toBe(7)
    expect(baseFor(entriesOf(...take(1, [1.2])), BASE).targetSeconds).toBe(4)
  })

  it.each([
    { name: 'the same pieces', entries: LONG },
    { name: 'fewer pieces, since the oldest are gone', entries: LONG.slice(40) },
  ])('of another process is continued with its numbers, with $name', ({ entries }) => {
    const before = livePlaylist(OF, LONG.slice(0, 90), { ...BASE, sequence: 3, discontinuities: 1 }, 100)
    const base = baseAfter(OF, entries, before)
    expect(base.targetSeconds).toBe(4)
    const next = livePlaylist(OF, entries, base, 100)
    expect(tag(next, 'MEDIA-SEQUENCE')).toBe(String(3 + 75))
    expect(Number(tag(next, 'DISCONTINUITY-SEQUENCE'))).toBe(1 + 7)
  })

  it('whose pieces are all gone is continued after them', () => {
    const before = livePlaylist(OF, LONG.slice(0, 10), BASE, 100)
    expect(baseAfter(OF, LONG.slice(50), before).sequence).toBe(10)
  })
})

describe('the playlist of a session that has ended', () => {
  it('names all its pieces and says so', () => {
    const text = endedPlaylist(OF, LONG)
    expect(uris(text)).toHaveLength(100)
    expect(text).toContain('#EXT-X-PLAYLIST-TYPE:VOD')
    expect(text.endsWith('#EXT-X-ENDLIST\n')).toBe(true)
    expect(tag(text, 'TARGETDURATION')).toBe('4')
  })

  it('names the header of each piece of fragmented MP4 before the piece, without a discontinuity within a take', () => {
    const pieces = take(1, [4, 4]).map((piece) => ({ ...piece, extension: '.mp4', headerBytes: 1_179 }))
    const lines = endedPlaylist(OF, playable(entriesOf(...pieces))).split('\n')
    const named = pieces.map((piece) => pieceUri(OF, piece))
    expect(lines.filter((line) => /MAP|DISCONT|incoming/.test(line))).toEqual(
      named.flatMap((uri) => [`#EXT-X-MAP:URI="${uri}",BYTERANGE="1179@0"`, uri]),
    )
  })

  it('leaves out pieces whose format is not that of the first, and fragmented MP4 without a known header', () => {
    const mp4 = take(2, [4]).map((piece) => ({ ...piece, extension: '.mp4', headerBytes: 1_179 }))
    const entries = entriesOf(...take(1, [4]), ...mp4, ...take(3, [4]))
    expect(playable(entries).map(({ piece }) => piece.take)).toEqual([1, 3])
    expect(playable(entries.slice(1)).map(({ piece }) => piece.take)).toEqual([2])
    const unknown = take(1, [4]).map((piece) => ({ ...piece, extension: '.mp4' }))
    expect(playable(entriesOf(...unknown))).toEqual([])
  })

  it('leaves out the end of a take that lacks a track, and begins without a joint after it', () => {
    const [cut, mute] = [take(1, [0.08]), take(2, [4, 0.5, 4])].map((pieces) =>
      pieces.map((piece) => (piece.seconds < 1 ? { ...piece, hasSilentTrack: true as const } : piece)),
    )
    const entries = entriesOf(...(cut ?? []), ...(mute ?? []))
    const named = playable(entries)
    expect(named.map(({ piece }) => [piece.take, piece.number])).toEqual([
      [2, 0],
      [2, 1],
      [2, 2],
    ])
    expect(named.map(({ isDiscontinuity }) => isDiscontinuity)).toEqual([false, false, false])
    expect(playable(entries.slice(0, 3))).toHaveLength(1)
    expect(playable(entries.slice(0, 1))).toEqual([])
  })
})
