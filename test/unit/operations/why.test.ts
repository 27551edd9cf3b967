import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function.ts'
import { whyOf, type Facts } from '../../../runtime/operations/why.ts'
import { parseRun } from '../../../runtime/queue/run.ts'

const definition = defineFunction(
  { name: 'cut', version: '1', on: { bucket: 'incoming' } },
  () => new Response(),
)
const NOW = Date.parse('2026-11-23T16:00:00Z')
const facts = (rest: Partial<Facts>): Facts => ({
  definition,
  object: { key: 'a.mp4', sizeBytes: 10, lastModifiedMs: NOW - 600_000 },
  wasThere: true,
  isPaused: false,
  workers: 1,
  watermarkMs: NOW - 3_600_000,
  nowMs: NOW,
  ...rest,
})
const run = (fields: Record<string, string>) =>
  parseRun('f'.repeat(32), {
    fn: 'cut',
    payload: '{}',
    trigger: 'upload',
    lane: 'live',
    attempts: '0',
    ...fields,
  })

describe('of an object without a run', () => {
  it('that was never announced, says so and what to do', () => {
    expect(whyOf(facts({}))).toMatchObject({
      reason: 'not-announced',
      explanation: expect.stringMatching(/never announced it .*sluice doctor.*sluice reprocess/),
    })
  })

  it.each([
    ['waiting-for-events', { object: { key: 'a', sizeBytes: 1, lastModifiedMs: NOW - 59_000 } }],
    ['before-watermark', { watermarkMs: NOW }],
    ['not-set-up', { watermarkMs: undefined }],
    ['forgotten', { eventName: 'Put' }],
    ['gone', { object: undefined }],
    ['never-there', { object: undefined, wasThere: false }],
  ] as const)('says %s', (reason, rest) => expect(whyOf(facts(rest)).reason).toBe(reason))
})

describe('of a run', () => {
  it.each([
    ['waiting', { state: 'queued' }, {}, /waits for its turn/],
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
      /attempt 1 of 5 failed .* at 2026-11-23 16:00:00 UTC: boom/,
    ],
    ['retrying', { state: 'retrying', attempts: '0', reason: 'drain' }, {}, /it was handed back .*: drain/],
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
      {},
      /done after 2 attempts, but its result is not there any more/,
    ],
  ] as const)('that is %s, says so in words', (reason, fields, rest, words) => {
    const why = whyOf(facts({ run: run(fields), ...rest }))
    expect(why.reason).toBe(reason)
    expect(why.explanation).toMatch(words)
  })
})
