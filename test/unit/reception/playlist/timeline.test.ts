import type { Piece } from '../../../../runtime/reception/piece.ts'
import { describe, expect, it } from 'vitest'
import type { Loss } from '../../../../runtime/reception/piece.ts'
import { timelineOf } from '../../../../runtime/reception/playlist/timeline.ts'
import { AT_MS, take } from '../pieces.ts'

const joints = (pieces: Parameters<typeof timelineOf>[0], losses: readonly Loss[] = []) =>
  timelineOf(pieces, losses).entries.map(({ isDiscontinuity }) => isDiscontinuity)
const gaps = (pieces: Parameters<typeof timelineOf>[0], losses: readonly Loss[] = []) =>
  timelineOf(pieces, losses).gaps.map(({ before, seconds, reason }) => [
    before && `${before.take}-${before.number}`,
    seconds,
    reason,
  ])
const lost = (from: number, to: number, seconds: number, ofTake = 1): Loss => ({
  take: ofTake,
  from,
  to,
  seconds,
  reason: 'spool-full',
})

describe('a time line', () => {
  it('of one take is seamless, whatever the lengths of its pieces', () => {
    const pieces = take(1, [4, 4.04, 3.96, 8, 1.2])
    expect(joints(pieces)).toEqual([false, false, false, false, false])
    expect(gaps(pieces)).toEqual([])
  })

  it('has a joint and a gap where the sender was away, by the wall clock', () => {
    const pieces = [...take(1, [4, 4]), ...take(2, [4, 4], { atMs: AT_MS + 4_000 + 7_500 + 4_000 })]
    expect(joints(pieces)).toEqual([false, false, true, false])
    expect(gaps(pieces)).toEqual([['2-0', 7.5, 'reconnect']])
  })

  it('has a joint and no gap where a sender came back so soon that nothing is missing', () => {
    const pieces = [...take(1, [4, 4]), ...take(2, [4], { atMs: AT_MS + 4_000 + 4_000 })]
    expect(joints(pieces)).toEqual([false, false, true])
    expect(gaps(pieces)).toEqual([])
  })

  it('counts what was dropped with its own seconds, and one hole for pieces in a row', () => {
    const pieces = [...take(1, [4, 4]), ...take(1, [4], { first: 5, startSeconds: 20, atMs: AT_MS + 20_000 })]
    expect(joints(pieces, [lost(2, 4, 12)])).toEqual([false, false, true])
    expect(gaps(pieces, [lost(2, 4, 12)])).toEqual([['1-5', 12, 'spool-full']])
  })

  it('knows the length of a hole of which nobody knows the reason', () => {
    const pieces = [...take(1, [4, 4]), ...take(1, [4], { first: 4, startSeconds: 16 })]
    expect(gaps(pieces)).toEqual([['1-4', 8, 'unknown']])
    expect(gaps(take(1, [4], { first: 2, startSeconds: 8 }))).toEqual([['1-2', 8, 'unknown']])
  })

  it('divides a hole between what was dropped and what is unknown', () => {
    const pieces = [...take(1, [4]), ...take(1, [4], { first: 4, startSeconds: 16 })]
    expect(gaps(pieces, [lost(1, 2, 8)])).toEqual([
      ['1-4', 8, 'spool-full'],
      ['1-4', 4, 'unknown'],
    ])
  })

  it('does not count what was dropped at the end of a take as the absence of its sender', () => {
    const pieces = [...take(1, [4]), ...take(2, [4], { atMs: AT_MS + 8_000 + 3_000 + 4_000 })]
    expect(gaps(pieces, [lost(1, 2, 8)])).toEqual([
      ['2-0', 8, 'spool-full'],
      ['2-0', 3, 'reconnect'],
    ])
  })

  it('names what was dropped after the last piece, and when there is none', () => {
    expect(gaps(take(1, [4]), [lost(1, 1, 4)])).toEqual([[undefined, 4, 'spool-full']])
    expect(gaps([], [lost(0, 1, 8)])).toEqual([[undefined, 8, 'spool-full']])
  })

  it("takes a hole in the sender's time as missing, and never a jump of its clock for an hour", () => {
    const [one, two] = take(1, [4, 4])
    const after = (startSeconds: number) => [one, { ...two, startSeconds }] as ReturnType<typeof take>
    expect(gaps(after(4.4))).toEqual([])
    expect(gaps(after(9))).toEqual([['1-1', 5, 'source']])
    expect(gaps(after(3_600))).toEqual([['1-1', 0, 'clock']])
    expect(gaps(after(0))).toEqual([['1-1', 0, 'clock']])
    for (const startSeconds of [9, 3_600, 0]) expect(joints(after(startSeconds))).toEqual([false, true])
  })

  it('has no joint between the pieces of fragmented MP4 of a take, and one where the format changes', () => {
    const pieces = take(1, [4, 4]).map((piece) => ({ ...piece, extension: '.mp4' }))
    expect(joints(pieces)).toEqual([false, false])
    expect(gaps(pieces)).toEqual([])
    const [first, second] = take(1, [4, 4]) as [Piece, Piece]
    expect(joints([first, { ...second, extension: '.mp4' }])).toEqual([false, true])
  })

  it('has a wall clock that runs evenly from joint to joint, however late pieces arrive', () => {
    const pieces = take(1, [4, 4, 4]).map((piece, index) => ({ ...piece, atMs: piece.atMs + index * 700 }))
    expect(timelineOf(pieces, []).entries.map(({ startsAtMs }) => startsAtMs - AT_MS)).toEqual([
      -4_000, 0, 4_000,
    ])
  })
})
