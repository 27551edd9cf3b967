import { describe, expect, it } from 'vitest'
import { allOf, comparePictures, countOf, lostTail, runsOf } from '../../../helpers/streams/pictures.ts'

const reference = ['a', 'b', 'c', 'd', 'e', 'f']

describe('comparing pictures with the reference', () => {
  it('finds nothing when each arrived once and in order', () => {
    expect(comparePictures(reference, reference)).toEqual(allOf(6))
  })

  it('names the runs that are lost, at the ends too', () => {
    const { lost, span } = comparePictures(reference, ['b', 'e'])
    expect(lost).toEqual([
      { from: 0, to: 0 },
      { from: 2, to: 3 },
      { from: 5, to: 5 },
    ])
    expect(span).toEqual({ from: 1, to: 4 })
    expect(countOf(lost)).toBe(4)
  })

  it('counts damaged pictures, doubled ones and steps backwards', () => {
    expect(comparePictures(reference, ['a', 'b', 'c', 'b', 'c', 'x', 'd', 'e', 'f'])).toMatchObject({
      count: 9,
      lost: [],
      unknown: 1,
      doubled: [{ from: 1, to: 2 }],
      backwards: 1,
    })
  })

  it('has no span when nothing of it arrived', () => {
    expect(comparePictures(reference, [])).toMatchObject({
      count: 0,
      span: undefined,
      lost: [{ from: 0, to: 5 }],
    })
  })

  it('knows a tail, also one that was cut within a group of B-frames', () => {
    expect(lostTail([{ from: 40, to: 49 }], 49)).toBe(40)
    expect(
      lostTail(
        [
          { from: 38, to: 38 },
          { from: 40, to: 49 },
        ],
        49,
      ),
    ).toBe(40)
    expect(
      lostTail(
        [
          { from: 10, to: 12 },
          { from: 40, to: 49 },
        ],
        49,
      ),
    ).toBeUndefined()
    expect(lostTail([{ from: 40, to: 48 }], 49)).toBeUndefined()
    expect(lostTail([], 49)).toBeUndefined()
  })

  it('makes runs of numbers', () => {
    expect(runsOf([])).toEqual([])
    expect(runsOf([3, 4, 7])).toEqual([
      { from: 3, to: 4 },
      { from: 7, to: 7 },
    ])
  })
})
