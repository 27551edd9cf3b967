import { describe, expect, it } from 'vitest'
import type { Vacancy } from '../../../../runtime/output/vacancy.ts'
import type { VerdictState } from '../../../../runtime/output/verdict.ts'
import { RUN_STATES, type RunState } from '../../../../runtime/queue/run.ts'
import { decide, type Facts, type Records } from '../../../../runtime/upkeep/sweep/decide.ts'

const MINUTE = 60_000
const NOW = 1_000 * MINUTE
const UPLOADED = NOW - 10 * MINUTE
const facts = (rest: Partial<Facts> = {}): Facts => ({
  runId: 'mine',
  lastModifiedMs: UPLOADED,
  nowMs: NOW,
  graceMs: MINUTE,
  watermarkMs: 0,
  isThorough: true,
  isExact: false,
  isEventKnown: true,
  ...rest,
})
const NOTHING: Records = {}
/** No result, and nothing tells that there was one. */
const EMPTY: Records = { vacancy: { hidden: 'unknown' } }
const result = (run: string, lastModifiedMs = UPLOADED - 1): Records => ({ result: { run, lastModifiedMs } })
const verdict = (run: string, state: VerdictState): Records => ({ verdict: { run, state } })
const LEAVE = { kind: 'leave' }
const RESTORED = { kind: 'heal', reason: 'restored' }
const LOST = { kind: 'heal', reason: 'lost-event' }

describe('of a run that Redis knows', () => {
  const DECISIONS: Readonly<Record<RunState, object>> = {
    queued: { kind: 'repair' },
    running: { kind: 'repair' },
    retrying: { kind: 'repair' },
    succeeded: { kind: 'ask-store' },
    dead: LEAVE,
    cancelled: LEAVE,
    superseded: RESTORED,
    'source-gone': RESTORED,
  }
  it.each(RUN_STATES)('that is %s', (state) => expect(decide(facts({ state }))).toEqual(DECISIONS[state]))

  it('neither its age nor the watermark counts, since it was asked for', () => {
    for (const state of RUN_STATES) {
      const rest = { state, lastModifiedMs: NOW, watermarkMs: undefined, isEventKnown: false }
      expect(decide(facts(rest))).toEqual(DECISIONS[state])
    }
  })

  it('and that has succeeded, it is run again when the result of another version is current', () => {
    const succeeded = (rest: Partial<Facts>) => decide(facts({ state: 'succeeded', ...rest }))
    expect(succeeded({ records: result('another') })).toEqual(RESTORED)
    expect(succeeded({ records: result('mine') })).toEqual(LEAVE)
    expect(succeeded({ records: { vacancy: 'occupied' } })).toEqual(LEAVE)
    expect(succeeded({ isThorough: false })).toEqual(LEAVE)
  })
})

describe('of a run that Redis does not know', () => {
  it.each([
    ['too-young', { lastModifiedMs: NOW - MINUTE + 1 }],
    ['not-set-up', { watermarkMs: undefined }],
    ['before-watermark', { watermarkMs: UPLOADED + 1 }],
    ['event-unknown', { isEventKnown: false, records: NOTHING }],
  ] as const)('reports what is %s and runs nothing', (reason, rest) =>
    expect(decide(facts(rest))).toEqual({ kind: 'report', reason }),
  )

  it('of what is older than the watermark, asks the buckets when somebody wants to know: it may have been run on request', () => {
    const old = (rest: Partial<Facts>) => decide(facts({ watermarkMs: UPLOADED + 1, isExact: true, ...rest }))
    expect(old({})).toEqual({ kind: 'ask-store' })
    for (const records of [result('mine'), verdict('mine', 'dead'), verdict('mine', 'superseded')])
      expect(old({ records })).toEqual(LEAVE)
    for (const records of [NOTHING, result('another', UPLOADED + 1), verdict('another', 'dead')])
      expect(old({ records })).toEqual({ kind: 'report', reason: 'before-watermark' })
  })

  it('asks the buckets of what is exactly old enough and not older than the watermark', () => {
    const rest = { lastModifiedMs: NOW - MINUTE, watermarkMs: NOW - MINUTE }
    expect(decide(facts(rest))).toEqual({ kind: 'ask-store' })
    expect(decide(facts({ ...rest, records: NOTHING }))).toEqual({ kind: 'ask-place' })
    expect(decide(facts({ ...rest, records: EMPTY }))).toEqual(LOST)
  })

  it('takes for ended what has a result, or a verdict that stays', () => {
    for (const records of [result('mine'), verdict('mine', 'dead'), verdict('mine', 'cancelled')]) {
      expect(decide(facts({ records }))).toEqual(LEAVE)
      expect(decide(facts({ records, isEventKnown: false }))).toEqual(LEAVE)
    }
  })

  it('reports a source that was to go after its success, and removes nothing on a guess', () => {
    const decided = decide(facts({ removesSource: true, records: result('mine') }))
    expect(decided).toEqual({ kind: 'report', reason: 'source-stays' })
  })

  it('takes up again what ended because of a version that is gone', () => {
    for (const state of ['superseded', 'source-gone'] as const)
      expect(decide(facts({ records: verdict('mine', state), isEventKnown: false }))).toEqual(RESTORED)
    expect(decide(facts({ records: result('another', UPLOADED + 1) }))).toEqual(RESTORED)
  })

  it('runs what left nothing, whatever older versions have left', () => {
    for (const records of [EMPTY, result('another'), { ...EMPTY, ...verdict('another', 'dead') }])
      expect(decide(facts({ records }))).toEqual(LOST)
  })

  it('a result of its own outranks an older verdict beside it', () =>
    expect(decide(facts({ records: { ...result('mine'), ...verdict('mine', 'superseded') } }))).toEqual(
      LEAVE,
    ))
})

describe('of a result that is not there any more', () => {
  const removedAtMs = UPLOADED + MINUTE
  const below = (hidden: Vacancy['hidden']): Records => ({ vacancy: { hidden, removedAtMs } })
  const REMOVED = { kind: 'removed', removedAtMs }
  const TOLD = { kind: 'report', reason: 'removed' }
  const known = { state: 'succeeded' } as const

  it('records the removal once, and reports it from then on', () => {
    expect(decide(facts({ ...known, records: NOTHING }))).toEqual({ kind: 'ask-place' })
    expect(decide(facts({ ...known, records: below('unknown') }))).toEqual(REMOVED)
    expect(decide(facts({ ...known, records: below('own') }))).toEqual(REMOVED)
    expect(decide(facts({ ...known, isRemovalAnnounced: true, records: EMPTY }))).toEqual({ kind: 'removed' })
    for (const rest of [known, {}])
      expect(decide(facts({ ...rest, records: verdict('mine', 'removed') }))).toEqual(TOLD)
  })

  it('takes the word of the store for it when Redis has forgotten the run', () => {
    expect(decide(facts({ records: below('own') }))).toEqual(REMOVED)
  })

  it('takes no success for removed without a trace: its result may lie where the function put it before', () => {
    const before = { vacancy: { hidden: 'unknown', removedAtMs: UPLOADED } } as const
    for (const records of [EMPTY, before, below('other')])
      expect(decide(facts({ ...known, decidedBeforeMs: NOW, records }))).toEqual(LEAVE)
  })

  it('runs an upload when what was removed was of another run, whatever else is known', () => {
    for (const rest of [{}, { isRemovalAnnounced: true }])
      expect(decide(facts({ ...rest, decidedBeforeMs: NOW, records: below('other') }))).toEqual(LOST)
  })

  it('runs an upload when what was removed may have been of an older one', () => {
    for (const rest of [{}, { isRemovalAnnounced: true }, { decidedBeforeMs: UPLOADED }])
      for (const records of [EMPTY, below('unknown')])
        expect(decide(facts({ ...rest, records }))).toEqual(LOST)
    const old = { vacancy: { hidden: 'unknown', removedAtMs: UPLOADED } } as const
    for (const records of [EMPTY, old, { vacancy: 'occupied' } as const])
      expect(decide(facts({ decidedBeforeMs: NOW, records }))).toEqual(LOST)
  })

  it('knows that it was of this one when a pass that has ended had decided about it', () => {
    const decided = { decidedBeforeMs: UPLOADED + 1 }
    expect(decide(facts({ ...decided, records: below('unknown') }))).toEqual(REMOVED)
    const announced = { ...decided, isRemovalAnnounced: true }
    expect(decide(facts({ ...announced, records: EMPTY }))).toEqual({ kind: 'removed' })
  })

  it('makes nothing again that is older than results are kept, and records nothing of it', () => {
    const old = { keptMs: NOW - UPLOADED - 1 }
    expect(decide(facts({ ...old, records: EMPTY }))).toEqual({ kind: 'report', reason: 'past-keeping' })
    expect(decide(facts({ ...old, ...known, records: EMPTY }))).toEqual(LEAVE)
    expect(decide(facts({ keptMs: NOW - UPLOADED, records: EMPTY }))).toEqual(LOST)
    // It is the latest once more: somebody has put it there now.
    expect(decide(facts({ ...old, records: result('another', UPLOADED + 1) }))).toEqual(RESTORED)
  })
})
