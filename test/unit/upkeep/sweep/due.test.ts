import { describe, expect, it } from 'vitest'
import { duePass, newPass, paced, type Wants } from '../../../../runtime/upkeep/sweep/due.ts'
import type { Pass, SweepState } from '../../../../runtime/queue/sweeps.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = 1_000 * HOUR
const SETTINGS = { everyMs: 5 * MINUTE, fullEveryMs: 24 * HOUR, graceMs: MINUTE }
const NOTHING: Wants = { isFullWanted: false, isRecentWanted: false }

const pass = (kind: Pass['kind'], startedAtMs: number, tookMs: number, rest: Partial<Pass> = {}): Pass => ({
  ...newPass('id', { kind, cause: 'interval' }, {}, 0, startedAtMs),
  endedAtMs: startedAtMs + tookMs,
  ...rest,
})
const due = (state: SweepState, wants: Partial<Wants> = {}, nowMs = NOW) =>
  duePass(state, { ...NOTHING, ...wants }, SETTINGS, nowMs)
const JUST_NOW = { full: pass('full', NOW - MINUTE, 1_000) }

describe('a full pass', () => {
  it('is due at once when Redis knows of none', () => {
    expect(due({})).toEqual({ kind: 'full', cause: 'no-marker' })
    expect(due({ recent: pass('recent', NOW - 1, 0) })).toMatchObject({ cause: 'no-marker' })
  })

  it('is due when a runtime has started, and a day after the last one began', () => {
    expect(due(JUST_NOW, { isFullWanted: true, isRecentWanted: true })).toEqual({
      kind: 'full',
      cause: 'start',
    })
    const aDayAgo = { full: pass('full', NOW - 24 * HOUR, HOUR) }
    expect(due(aDayAgo)).toEqual({ kind: 'full', cause: 'interval' })
    expect(due(aDayAgo, {}, NOW - 1)).toMatchObject({ kind: 'recent' })
  })
})

it('a mark in the future is ignored: the clock was wrong', () => {
  const later = { full: pass('full', NOW + HOUR, 0), recent: pass('recent', NOW + HOUR, 0) }
  expect(due(later)).toEqual({ kind: 'full', cause: 'no-marker' })
  const full = newPass('id', { kind: 'full', cause: 'no-marker' }, later, 0, NOW)
  expect(full.deletesSinceMs).toBeUndefined()
  expect(due({ ...JUST_NOW, recent: later.recent }, {}, NOW + 4 * MINUTE + 1_000)).toMatchObject({
    kind: 'recent',
  })
})

it('a pass that has failed does not become a mark, and another starts a minute later, or when a server has come back', () => {
  const failed = pass('full', NOW - MINUTE, 0, { failure: 'no such bucket' })
  expect(due({ failed })).toMatchObject({ cause: 'no-marker' })
  expect(due({ failed }, {}, NOW - 1)).toBeUndefined()
  expect(due({ ...JUST_NOW, failed }, { isRecentWanted: true }, NOW - 1)).toMatchObject({
    cause: 'reconnect',
  })
  const slow = pass('full', NOW - 21 * MINUTE, MINUTE, { failure: 'no such bucket' })
  expect(due({ failed: slow }, {}, NOW - 1)).toBeUndefined()
})

it('results follow the deletes since the last full pass, with an hour between clocks, and none without one', () => {
  const begun = (state: SweepState) =>
    newPass('id', { kind: 'full', cause: 'start' }, state, MINUTE, NOW).deletesSinceMs
  expect(begun({ full: pass('full', NOW - HOUR, 0) })).toBe(NOW - HOUR - HOUR - MINUTE)
  expect(begun({ recent: pass('recent', NOW - HOUR, 0) })).toBeUndefined()
})

describe('a recent pass', () => {
  it('is due when a server has come back, else five minutes after the end of the last pass', () => {
    expect(due(JUST_NOW, { isRecentWanted: true })).toEqual({ kind: 'recent', cause: 'reconnect' })
    expect(due(JUST_NOW)).toBeUndefined()
    const full = pass('full', NOW - HOUR, 1_000)
    expect(due({ full })).toEqual({ kind: 'recent', cause: 'interval' })
    expect(due({ full, recent: pass('recent', NOW - 5 * MINUTE, 1) })).toBeUndefined()
    expect(due({ full, recent: pass('recent', NOW - 5 * MINUTE, 0) })).toMatchObject({ kind: 'recent' })
  })

  it('comes as soon as what was too young is old enough', () => {
    const young = { full: pass('full', NOW - MINUTE - 1_000, 0, { reported: { 'too-young': 1 } }) }
    expect(due(young)).toMatchObject({ kind: 'recent' })
    expect(due(young, {}, NOW - 1)).toBeUndefined()
  })

  it('lets twenty times of what the last pass took go by, so that a large bucket is not listed without end', () => {
    const slow = { full: pass('full', NOW - 21 * MINUTE, MINUTE, { reported: { 'too-young': 1 } }) }
    expect(due(slow, {}, NOW - 1)).toBeUndefined()
    expect(due(slow)).toMatchObject({ kind: 'recent' })
  })

  it('leaves out what the pass before it has decided, with an hour between clocks, but for what was too young', () => {
    const begun = (state: SweepState) =>
      newPass('id', { kind: 'recent', cause: 'interval' }, state, MINUTE, NOW).sinceMs
    expect(begun({ full: pass('full', NOW - HOUR, 0) })).toBe(NOW - HOUR - HOUR - MINUTE)
    const recent = pass('recent', NOW - MINUTE, 0)
    expect(begun({ full: pass('full', NOW - HOUR, 0), recent })).toBe(NOW - MINUTE - HOUR - MINUTE)
    expect(begun({})).toBe(0)
    expect(newPass('id', { kind: 'full', cause: 'start' }, JUST_NOW, MINUTE, NOW).sinceMs).toBe(0)
  })
})

describe('a request', () => {
  const request = { id: '01W', kind: 'recent', bucket: 'incoming', prefix: 'a/' } as const

  it('goes before whatever else is due', () => {
    expect(due({ requests: [request] })).toEqual({ kind: 'recent', cause: 'request', request })
    const requests = [request, { id: '01X', kind: 'full' } as const]
    expect(due({ ...JUST_NOW, requests }, { isFullWanted: true })).toMatchObject({
      cause: 'request',
      request,
    })
  })

  it('about a part leaves runs alone, which are in no part', () => {
    const cause = 'request'
    expect(newPass('x', { kind: 'recent', cause, request }, JUST_NOW, 0, NOW)).toMatchObject({
      ...request,
      at: { stage: 'objects', bucket: '' },
    })
    const all = { id: '01A', kind: 'full' } as const
    expect(newPass('x', { kind: 'full', cause, request: all }, {}, 0, NOW)).toMatchObject({
      id: '01A',
      at: { stage: 'runs' },
    })
  })
})

/** They are there at once. */
async function* items(count: number) {
  for (let n = 0; n < count; n++) {
    await Promise.resolve()
    yield n
  }
}

function workFor(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

it('rests after each batch for as long as it took', async () => {
  let restedMs = 0
  let endedMs: number | undefined
  for await (const _ of paced(items(3), new AbortController().signal)) {
    if (endedMs !== undefined) restedMs += performance.now() - endedMs
    workFor(40)
    endedMs = performance.now()
  }
  // Two rests of 40 ms each; a timer may come a moment early.
  expect(restedMs).toBeGreaterThanOrEqual(70)
})

it('ends after the batch in hand when it is stopped, without a rest', async () => {
  const stopping = new AbortController()
  const seen: number[] = []
  for await (const item of paced(items(9), stopping.signal)) {
    seen.push(item)
    if (item === 2) stopping.abort()
  }
  expect(seen).toEqual([0, 1, 2])
})
