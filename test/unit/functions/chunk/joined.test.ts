/** Several recordings of one file, told and placed as one. */
import { describe, expect, it } from 'vitest'
import { PermanentError, type Progress } from '../../../../runtime/index.ts'
import type { Inspection } from '../../../../functions/media/inspect.ts'
import {
  joinedWarnings,
  mediaOfAll,
  placed,
  progressOfAll,
  requestOfEach,
} from '../../../../functions/chunk/joined.ts'
import { named, type Recording } from '../../../../functions/chunk/recordings.ts'

function recording(durationSeconds?: number): Recording {
  const media = { format: 'ogg', durationSeconds, video: [], audio: [{ index: 0, durationSeconds }] }
  return {
    inspection: { media } as unknown as Inspection,
    source: { bytes: () => Promise.resolve(Buffer.alloc(0)) },
    firstSegment: 0,
    name: '',
  }
}
const three = [recording(8), recording(3.3), recording(8)]

describe('recordings of one file', () => {
  it('share the parts that are asked for by their lengths, one each at least', () => {
    const shares = (parts: number) => three.map((each) => requestOfEach({ by: 'parts', parts }, three, each))
    expect(shares(10)).toEqual([4, 2, 4].map((parts) => ({ by: 'parts', parts })))
    expect(shares(1)).toEqual([1, 1, 1].map((parts) => ({ by: 'parts', parts })))
    const bySeconds = { by: 'seconds', seconds: 6 } as const
    expect(requestOfEach(bySeconds, three, recording(8))).toBe(bySeconds)
  })

  it('cannot be cut into parts if one does not declare its length', () => {
    const unknown = [recording(8), recording()]
    const ask = () => requestOfEach({ by: 'parts', parts: 2 }, unknown, recording(8))
    expect(ask).toThrow(/choose "seconds", or "mode=exact"/)
  })

  it('number and time their chunks as those of one', () => {
    const chunk = { fileName: 'chunk-00002.ogg', times: { index: 2, startSeconds: 2.1, durationSeconds: 1 } }
    expect(placed(chunk, { index: 12, offsetSeconds: 8.2 })).toEqual({
      fileName: 'chunk-00012.ogg',
      times: { index: 12, startSeconds: 10.3, durationSeconds: 1 },
    })
    expect(placed(chunk, { index: 2, offsetSeconds: 0 })).toEqual(chunk)
  })

  it('are described as long as all of them, with no length of a stream of the first', () => {
    expect(mediaOfAll(three)).toMatchObject({ durationSeconds: 19.3, audio: [{ index: 0 }] })
    expect(mediaOfAll(three)?.audio[0]).not.toHaveProperty('durationSeconds')
    expect(mediaOfAll([three[0] as Recording])?.audio[0]?.durationSeconds).toBe(8)
  })

  it('report how far all of them are', () => {
    const reports: Progress[] = []
    progressOfAll((progress) => reports.push(progress), three, 8)({ mediaSeconds: 1.65, percent: 50 })
    expect(reports).toEqual([{ mediaSeconds: 9.65, percent: 50 }])
  })

  it('are named in what goes wrong with one of them, where there are several', () => {
    const torn = new PermanentError('the file is truncated')
    expect(named('recording 2 of 3: ', torn)).toMatchObject({
      message: 'recording 2 of 3: the file is truncated',
    })
    expect(named('', torn)).toBe(torn)
    const lost = new Error('the store is away')
    expect(named('recording 2 of 3: ', lost)).toBe(lost)
  })

  it('have warnings for where they begin, what is left out, and other numbers of parts', () => {
    const request = { by: 'parts', parts: 2 } as const
    const told = joinedWarnings({ recordings: three, startsSeconds: [0, 8], chunks: 3, request })
    expect(told[0]).toMatch('3 recordings joined (a chained Ogg, at 8.0 s)')
    expect(told[1]).toMatch('the last 1 of 3 recordings are left out')
    expect(told[2]).toMatch('2 parts were asked for, and for that reason there are 3')
    expect(joinedWarnings({ recordings: [recording(8)], startsSeconds: [0], chunks: 3, request })).toEqual([])
  })
})
