import { expect, it } from 'vitest'
import { outcomeOfRuns } from '../../../../runtime/api/jobs/model.ts'
import type { RunRecord } from '../../../../runtime/queue/run.ts'

const payload = { bucket: 'incoming', key: 'a.mp4' }
const run = (state: RunRecord['state'], more: Partial<RunRecord> = {}) =>
  ({ runId: 'r', functionName: 'chunk', state, payload, ...more }) as RunRecord

it.each([
  {
    what: 'including those not in the queue yet',
    total: 4,
    states: { succeeded: 1, running: 1, queued: 1 },
    percent: 37.5,
  },
  {
    what: 'forgotten ones have ended',
    total: 4,
    states: { forgotten: 1, dead: 2, running: 1 },
    percent: 87.5,
  },
])('has the progress of all runs: $what', ({ total, states, percent }) => {
  expect(outcomeOfRuns(total, { states, percentOfRunning: 50 }, []).percent).toBe(percent)
})

it('is complete when there are no runs', () => {
  expect(outcomeOfRuns(0, { states: {}, percentOfRunning: 0 }, []).percent).toBe(100)
})

it('names failed runs with their reasons', () => {
  const failed = [run('dead', { error: 'no video', reason: 'permanent' }), undefined, run('cancelled')]
  expect(outcomeOfRuns(3, { states: { dead: 3 }, percentOfRunning: 0 }, failed).failures).toEqual([
    { run: 'r', function: 'chunk', ...payload, status: 'dead', reason: 'no video' },
    { run: 'r', function: 'chunk', ...payload, status: 'cancelled' },
  ])
})
