import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { whyOf, type Facts } from '../../../../runtime/api/objects/why.ts'
import type { Manifest } from '../../../../runtime/output/manifest.ts'
import type { Verdict } from '../../../../runtime/output/verdict.ts'
import { functionNamed, only, runOf } from './facts.ts'

const definition = functionNamed('cut')
const NOW = Date.parse('2026-11-23T16:00:00Z')
const facts = (rest: Partial<Facts>): Facts => ({
  definition,
  object: { key: 'a.mp4', sizeBytes: 10, lastModifiedMs: NOW - 600_000 },
  wasThere: true,
  isPaused: false,
  workers: 1,
  watermarkMs: NOW - 3_600_000,
  nowMs: NOW,
  graceMs: 90_000,
  ...rest,
})
describe('of an object without a run', () => {
  it('that was never announced says so, and the remedy', () => {
    expect(whyOf(facts({}))).toMatchObject({
      reason: 'not-announced',
      explanation: expect.stringMatching(
        /no announcement of it is known: the next sweep runs it.*sluice doctor.*sluice sweep/,
      ),
    })
  })

  it('that can be read says why, also where it was announced', () => {
    expect(whyOf(facts({ unreadable: 'run r cannot be read', eventName: 'Put' }))).toMatchObject({
      reason: 'forgotten',
      explanation: 'run r cannot be read. Sweep now: sluice sweep',
    })
  })

  it('is not called unannounced when its announcement may have been forgotten', () => {
    const DAY = 86_400_000
    const old = {
      object: { key: 'a', sizeBytes: 1, lastModifiedMs: NOW - 3 * DAY },
      watermarkMs: NOW - 9 * DAY,
    }
    expect(whyOf(facts(old))).toMatchObject({
      reason: 'not-announced',
      explanation: expect.stringMatching(/known any more \(announcements are kept for two days\)/),
    })
  })

  it.each([
    ['waiting-for-events', { object: { key: 'a', sizeBytes: 1, lastModifiedMs: NOW - 89_999 } }],
    ['not-announced', { object: { key: 'a', sizeBytes: 1, lastModifiedMs: NOW - 90_000 } }],
    ['before-watermark', { watermarkMs: NOW }],
    ['not-set-up', { watermarkMs: undefined }],
    ['forgotten', { eventName: 'Put' }],
    ['forgotten', { eventName: 'Put', resultsKeptMs: 600_000 }],
    ['past-keeping', { eventName: 'Put', resultsKeptMs: 599_999 }],
    ['gone', { object: undefined }],
    ['never-there', { object: undefined, wasThere: false }],
  ] as const)('has the reason %s', (reason, rest) => expect(whyOf(facts(rest)).reason).toBe(reason))

  it('whose result was removed says when, and how to get it again', () => {
    const verdict = only<Verdict>({ run: '1', state: 'removed', reason: 'x', at: '2026-11-23T14:00:00.000Z' })
    expect(whyOf(facts({ verdict }))).toMatchObject({
      reason: 'removed',
      explanation: expect.stringMatching(
        /has been removed \(2026-11-23 14:00:00 UTC\), by hand or by a rule of its bucket; .*sluice reprocess/,
      ),
    })
  })

  it('that may have been created in a way that the function does not match does not blame the store', () => {
    const copies = functionNamed('cut', { on: { bucket: 'incoming', events: ['Copy'] } })
    expect(whyOf(facts({ definition: copies }))).toMatchObject({
      reason: 'event-unknown',
      explanation: expect.stringMatching(/for Copy only, .* perhaps in another way/),
    })
  })
})

describe('of an object that is gone, and whose runs are forgotten', () => {
  const source = { bucket: 'incoming', key: 'a.mp4' }
  const result = only<Manifest>({
    source: only<Manifest['source']>(source),
    run: '1',
    finishedAt: '2026-11-23T15:00:00.000Z',
    files: [],
    warnings: [],
  })
  const verdict = only<Verdict>({ run: '2', state: 'dead', reason: 'boom', at: '2026-11-23T14:00:00.000Z' })

  it.each([
    [
      'a result',
      { result },
      'succeeded',
      /^done at 2026-11-23 15:00:00 UTC: .*; its source has been removed$/,
    ],
    ['a verdict', { verdict }, 'dead', /^dead since .*: boom; its source has been removed$/],
    ['the newer of both', { result, verdict }, 'succeeded', /^done/],
    [
      'the newer of both again',
      { result, verdict: { ...verdict, at: '2026-11-23T16:00:00.000Z' } },
      'dead',
      /^dead/,
    ],
  ] as const)('%s is still a record', (_, rest, reason, words) => {
    const why = whyOf(facts({ object: undefined, ...rest }))
    expect(why).toMatchObject({ reason, explanation: expect.stringMatching(words) })
  })

  it('outranks that a function runs only when asked, which is said where there is no record', () => {
    const asked = (rest: Partial<Facts>) => whyOf(facts({ mismatch: 'not-asked', ...rest }))
    expect(asked({ result }).reason).toBe('succeeded')
    expect(asked({ run: runOf({ state: 'queued' }) }).reason).toBe('waiting')
    expect(asked({})).toMatchObject({
      reason: 'not-asked',
      explanation:
        'it runs only when asked. Run it: sluice reprocess incoming/a.mp4 --function cut. Upload it with --attr make=cut',
    })
  })

  it('the record of an object that exists does not mention a removal', () => {
    expect(whyOf(facts({ result })).explanation).not.toContain('removed')
  })
})

describe('of a run', () => {
  it.each([
    ['waiting', { state: 'queued' }, {}, /waiting for its turn/],
    ['waiting', { state: 'queued', lane: 'low' }, {}, /behind uploads/],
    ['paused', { state: 'queued' }, { isPaused: true }, /sluice resume cut/],
    ['no-worker', { state: 'queued' }, { workers: 0 }, /no worker serves cut/],
    [
      'running',
      { state: 'running', attempts: '2', progress: '{"percent":41.9}' },
      {},
      /attempt 3 is running, 41 %/,
    ],
    [
      'retrying',
      { state: 'retrying', attempts: '1', error: 'boom', dueAt: String(NOW) },
      {},
      /attempt 1 of 5 failed; .* at 2026-11-23 16:00:00 UTC: boom/,
    ],
    ['retrying', { state: 'retrying', attempts: '0', reason: 'drain' }, {}, /it was handed back; .*: drain/],
    [
      'running',
      { state: 'running', attempts: '0' },
      { workers: 0 },
      /attempt 1 was running, but no worker currently serves cut: it is taken back and restarted when one does/,
    ],
    [
      'retrying',
      { state: 'retrying', attempts: '1', error: 'boom', dueAt: String(NOW) },
      { workers: 0 },
      /attempt 1 of 5 failed; no worker currently serves cut; the next attempt starts when one does: boom/,
    ],
    [
      'dead',
      { state: 'dead', attempts: '5', reason: 'exhausted', error: 'boom' },
      {},
      /\(exhausted, 5 attempts\): boom\. Run it again: sluice redrive f{32}/,
    ],
    ['cancelled', { state: 'cancelled' }, {}, /cancelled on request/],
    ['superseded', { state: 'superseded', reason: 'a newer upload' }, {}, /because a newer upload/],
    [
      'source-gone',
      { state: 'source-gone', reason: 'the source was removed' },
      {},
      /because the source was removed/,
    ],
    [
      'succeeded',
      { state: 'succeeded', attempts: '1' },
      { object: undefined },
      /done after 2 attempts, but its result no longer exists/,
    ],
    [
      'removed',
      { state: 'succeeded', endedAt: String(NOW) },
      { isVacant: true },
      /done at 2026-11-23 16:00:00 UTC, but its result has been removed, .*, unless it is in an earlier output bucket or folder of its function; .* sluice reprocess incoming\/a\.mp4 --function cut/,
    ],
  ] as const)('that is %s says so in words', (reason, fields, rest, words) => {
    const why = whyOf(facts({ run: runOf(fields), ...rest }))
    expect(why.reason).toBe(reason)
    expect(why.explanation).toMatch(words)
  })
})

describe('the remedies', () => {
  const nextOf = (rest: Partial<Facts>) => whyOf(facts(rest)).next

  it('are commands and requests that do the same, apart from the reason', () => {
    const why = whyOf(facts({ run: runOf({ state: 'queued' }), isPaused: true }))
    expect(why).toEqual({
      reason: 'paused',
      told: 'it is waiting because cut is paused',
      next: [
        {
          text: 'Resume it',
          command: 'sluice resume cut',
          action: { method: 'POST', path: '/v1/functions/cut/resume' },
        },
      ],
      explanation: 'it is waiting because cut is paused. Resume it: sluice resume cut',
    })
  })

  it('of a run that was given up are to run it again, or where that is vain, other options', () => {
    const id = 'f'.repeat(32)
    expect(nextOf({ run: runOf({ state: 'dead', reason: 'exhausted', attempts: '5' }) })).toMatchObject([
      { command: `sluice redrive ${id}`, action: { path: `/v1/runs/${id}/retry`, body: {} } },
    ])
    const withOptions = functionNamed('cut', { options: z.object({ seconds: z.number().default(6) }) })
    const run = runOf({ state: 'dead', reason: 'permanent', attempts: '1' })
    expect(nextOf({ run })).toEqual([{ text: 'Upload it again once it is fixed' }])
    expect(nextOf({ run, definition: withOptions }).map(({ command }) => command)).toEqual([
      undefined,
      'sluice reprocess incoming/a.mp4 --function cut --option NAME=VALUE',
      'sluice functions cut',
    ])
  })

  it('of an object without a run name its key as it is', () => {
    const object = { key: 'it\'s "a".mp4', sizeBytes: 1, lastModifiedMs: 0 }
    expect(nextOf({ object })).toMatchObject([
      {
        action: { path: '/v1/reprocess', body: { bucket: 'incoming', keys: [object.key], function: 'cut' } },
      },
    ])
  })

  it('are left out where nothing is to be done', () => {
    expect(nextOf({ run: runOf({ state: 'queued' }) })).toEqual([])
    expect(nextOf({ run: runOf({ state: 'superseded', reason: 'a newer upload' }) })).toEqual([])
  })
})
