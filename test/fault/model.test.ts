import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { useQueue } from '../helpers/queue.ts'
import { SEED } from '../helpers/seed.ts'
import { createBench } from './model/call.ts'
import { emptyLedger } from './model/ledger.ts'
import { steps } from './model/operations.ts'
import { emptyModel } from './model/state.ts'
import { createWorld } from './model/world.ts'

const used = useQueue()

/** What a histogram of the operations cannot show: which ends runs came to. */
const seen = new Set<string>()

describe('the state machine of runs', () => {
  it('does in Redis what its model does, whatever happens in whatever order, and however often it is sent', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (row) => {
        await used.redis.flushall()
        const model = emptyModel()
        const bench = await createBench(used.redis, model, emptyLedger())
        try {
          const perform = createWorld(bench)
          for (const step of row) {
            await perform(step)
            for (const run of model.runs.values()) seen.add(`${run.state} ${run.lane}`).add(run.reason)
          }
        } finally {
          bench.close()
        }
      }),
      // A mutant is dead when it fails once: what makes the smallest example is for people.
      { seed: SEED, numRuns: 150, endOnFailure: process.env['TEST_MUTANT'] !== undefined },
    )
    // Otherwise it would have shown nothing of them.
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'queued live',
        'queued low',
        'queued solo',
        'running live',
        'running low',
        'running solo',
        'retrying live',
        'retrying low',
        'succeeded live',
        'succeeded solo',
        'dead live',
        'dead solo',
        'cancelled live',
        'cancelled low',
        'superseded live',
        'source-gone live',
        'exhausted',
        'permanent',
        'crash-loop',
        'cancelled',
      ]),
    )
  })
})
