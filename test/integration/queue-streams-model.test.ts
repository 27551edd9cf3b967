/** The ownership of a stream, whatever happens in whatever order and however often it is sent: Redis does what a model does. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { useQueue } from '../helpers/queue.ts'
import { SEED } from '../helpers/seed.ts'
import { compare, createWorld, perform, step } from '../helpers/stream-model.ts'

const used = useQueue()

it('has one owner at a time, and no take of a session twice', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      await used.redis.flushall()
      const world = createWorld(used.redis, used.queue.keys)
      for (const each of steps) {
        await perform(world, each)
        await compare(world)
        seen.add(`${each.kind} ${world.model.state}`)
      }
    }),
    { seed: SEED, numRuns: 150, endOnFailure: process.env['TEST_MUTANT'] !== undefined },
  )
  // Otherwise it would have shown nothing of them.
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'claim live',
      'beat waiting',
      'end ended',
      'withdraw ended',
      'withdraw none',
      'adopt waiting',
      'silence live',
      'stop live',
    ]),
  )
})
