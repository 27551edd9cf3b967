import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodePayload, encodePayload, parseFacts, parseRun } from '../../../runtime/queue/run-record.ts'
import type { RunPayload } from '../../../runtime/queue/run.ts'
import { SEED } from '../../helpers/seed.ts'

const CREATED = 1_764_500_000_000
const PAYLOAD = '["incoming","a.mp4",1,"etag",10,1764500000000,0]'

describe('a payload', () => {
  it('is read as it was written, whatever it holds', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    const ms = fc.nat(4_000_000_000_000)
    const payload = fc.record(
      {
        bucket: text,
        key: text,
        generation: text.filter((generation) => generation !== ''),
        etag: text,
        sizeBytes: fc.nat(),
        lastModifiedMs: ms,
        eventTimeMs: ms.filter((at) => at > 0),
        versionId: text,
        options: fc.dictionary(text, fc.integer()),
      },
      { requiredKeys: ['bucket', 'key', 'generation', 'etag', 'sizeBytes', 'lastModifiedMs', 'eventTimeMs'] },
    )
    fc.assert(
      fc.property(payload, (given) => {
        expect(decodePayload(encodePayload(given as RunPayload), given.generation)).toEqual(given)
      }),
      { seed: SEED },
    )
  })

  it('of the release before is read by its names', () => {
    expect(decodePayload('{"bucket":"incoming","key":"a"}', 'v1')).toEqual({ bucket: 'incoming', key: 'a' })
  })

  it.each([
    '',
    '7',
    'null',
    '["incoming","a.mp4"]',
    '["incoming',
    '["incoming",7,1,"e",1,1,0]',
    '{"bucket":"b"}',
  ])('as %s is refused', (text) => {
    expect(() => decodePayload(text, 'v1')).toThrow(SyntaxError)
  })
})

describe('the state of a run', () => {
  it('is one text', () => {
    const facts = parseFacts({ s: `wlucop,3,012345678901,2,,1,2,4,,${CREATED},0,-5,60000` })
    expect(facts).toEqual({
      state: 'retrying',
      lane: 'live',
      trigger: 'upload',
      hint: 'superseded',
      isCancelAsked: true,
      fence: 3,
      token: '012345678901',
      attempts: 2,
      crashes: 0,
      losses: 1,
      copies: 2,
      dups: 4,
      epoch: 0,
      createdAtMs: CREATED,
      queuedAtMs: CREATED,
      // Redis's clock went back.
      startedAtMs: CREATED - 5,
      dueAtMs: CREATED + 60_000,
    })
  })

  it('says when an ended run has ended', () => {
    const facts = parseFacts({ s: `sbs,1,,,,,1,,9,${CREATED},0,1,7` })
    expect(facts).toMatchObject({
      state: 'succeeded',
      lane: 'low',
      trigger: 'sweep',
      epoch: 9,
      endedAtMs: CREATED + 7,
    })
    expect(facts).not.toHaveProperty('dueAtMs')
  })

  it.each(['', 'qlu', `qlu,1,,,,,1,,,${CREATED},0,`, `zlu,1,,,,,1,,,${CREATED},0,,`, 'qlu,x,,,,,1,,,1,0,,'])(
    'as "%s" is refused',
    (s) => {
      expect(() => parseFacts({ s })).toThrow(SyntaxError)
    },
  )
})

describe('a run', () => {
  const fields = { s: `qlu,0,,,,,1,,,${CREATED},0,,`, fn: 'cut', generation: 'v1' }

  it('has its payload in pieces', () => {
    const pieces = { p0: PAYLOAD.slice(0, 20), p1: PAYLOAD.slice(20) }
    expect(parseRun('a', { ...fields, ...pieces })).toMatchObject({
      functionName: 'cut',
      payload: { key: 'a.mp4', versionId: 'v1', eventTimeMs: CREATED },
    })
  })

  it.each([{}, { ...fields, fn: '', p0: PAYLOAD }])('is unknown where half is gone: %j', (half) => {
    expect(parseRun('a', half as Record<string, string>)).toBeUndefined()
  })

  it('cannot be read where its payload is gone, or its key is of another type', () => {
    expect(() => parseRun('a', fields)).toThrow('its payload is gone')
    const error = new SyntaxError('another type')
    expect(() => parseRun('a', error)).toThrow(error)
    expect(() => parseFacts(error)).toThrow(error)
  })
})
