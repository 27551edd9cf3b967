import { describe, expect, it } from 'vitest'
import {
  mergedTakes,
  parseSessionRecord,
  sessionRecord,
  sessionRecordJsonSchema,
  type RecordFacts,
} from '../../../../runtime/reception/session/session-record.ts'
import { AT_MS, take } from '../pieces.ts'

const FACTS: RecordFacts = {
  of: { name: 'cam1', session: '20261129T221841Z-ba02e7' },
  why: 'sender-lost',
  startedAtMs: AT_MS,
  endedAtMs: AT_MS + 60_000,
  ffmpeg: '5.1.9 (path)',
  takes: [{ take: 1, door: 'rtmp', peer: '192.0.2.7:1', lastLines: ['x'] }],
  pieces: [
    ...take(1, [4, 4]).map((piece) => ({ ...piece, sha256Hex: 'a'.repeat(64) })),
    ...take(2, [4, 1.5], { atMs: AT_MS + 20_000 }).map((piece, index) => ({
      ...piece,
      isPartial: index === 1,
    })),
  ],
  losses: [{ take: 1, from: 2, to: 3, seconds: 7.9999999, reason: 'spool-full' }],
}

describe('the record of a session', () => {
  it('tells of each piece, of each gap with its seconds and reason, and the totals', () => {
    const record = sessionRecord(FACTS)
    expect(record.pieces).toHaveLength(4)
    expect(record.pieces[2]).toEqual({
      key: 'streams/cam1/20261129T221841Z-ba02e7/002-000000.ts',
      take: 2,
      startSeconds: 0,
      seconds: 4,
      bytes: 1_000,
      at: '2026-11-29T22:19:01.000Z',
      discontinuity: true,
    })
    expect(record.pieces[3]).toMatchObject({ partial: true })
    expect(record.gaps).toEqual([
      { before: record.pieces[2]?.key, seconds: 8, reason: 'spool-full' },
      { before: record.pieces[2]?.key, seconds: 4, reason: 'reconnect' },
    ])
    expect(record.totals).toEqual({
      pieces: 4,
      seconds: 13.5,
      bytes: 4_000,
      droppedSeconds: 8,
      gapSeconds: 12,
      gaps: 2,
    })
  })

  it('says which pieces the playlist leaves out', () => {
    const mp4 = take(3, [4]).map((piece) => ({ ...piece, extension: '.mp4', headerBytes: 1_179 }))
    const { pieces } = sessionRecord({ ...FACTS, pieces: [...FACTS.pieces, ...mp4] })
    expect(pieces.map(({ unlisted = false }) => unlisted)).toEqual([false, false, false, false, true])
  })

  it('does not say so of the piece that the playlist begins with, after one that it leaves out', () => {
    const broken = take(1, [0.3]).map((piece) => ({ ...piece, hasSilentTrack: true as const }))
    const { pieces } = sessionRecord({
      ...FACTS,
      pieces: [...broken, ...take(2, [4, 4], { atMs: AT_MS + 20_000 })],
      losses: [],
    })
    expect(pieces.map(({ unlisted = false }) => unlisted)).toEqual([true, false, false])
  })

  it('is read as it was written, and nothing else is taken for one', () => {
    const record = sessionRecord(FACTS)
    expect(parseSessionRecord(JSON.stringify(record))).toEqual(record)
    expect(parseSessionRecord(JSON.stringify({ ...record, schema: 2 }))).toBeUndefined()
    expect(parseSessionRecord('{')).toBeUndefined()
  })

  it('has the takes of all receivers that knew one, in order', () => {
    const takes = mergedTakes(
      [{ take: 2, lastLines: ['mine'] }],
      [
        { take: 2, lastLines: [] },
        { take: 1, lastLines: [] },
      ],
    )
    expect(takes).toEqual([
      { take: 1, lastLines: [] },
      { take: 2, lastLines: ['mine'] },
    ])
  })
})

it('is published as JSON Schema in docs/, as the code has it (vitest -u writes it again)', async () => {
  const text = `${JSON.stringify(sessionRecordJsonSchema(), null, 2)}\n`
  await expect(text).toMatchFileSnapshot('../../../../docs/session.schema.json')
})
