import { expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import type { Claim } from '../../../runtime/queue/run.ts'
import { createChildListener } from '../../../runtime/worker/child-listener.ts'
import { createInFlight } from '../../../runtime/worker/in-flight.ts'

const waiting = defineFunction(
  { name: 'waiting', version: '1', on: { bucket: 'incoming' }, stallTimeout: '60s' },
  (c) => c.json({}),
)

/** An attempt that says nothing for ten minutes, on a clock that the test turns. */
async function silentFor600s(hasWorked: () => boolean) {
  const clock = { ms: 0 }
  let looks = 0
  const inFlight = createInFlight(30_000, () => clock.ms)
  const attempt = inFlight.add({ runId: 'a', lane: 'live' } as Claim, waiting)
  const haveChildrenWorked = () => {
    looks++
    return Promise.resolve(hasWorked())
  }
  const listen = createChildListener(inFlight, haveChildrenWorked, () => clock.ms)
  for (; clock.ms < 600_000; clock.ms += 250) {
    inFlight.renewed(attempt, clock.ms)
    await listen()
    inFlight.watch()
  }
  return { reason: attempt.signal.reason as Error | undefined, looks }
}

it('keeps an attempt alive whose tool works', async () => {
  expect((await silentFor600s(() => true)).reason).toBeUndefined()
})

it('lets an attempt stall whose tools do nothing', async () => {
  expect((await silentFor600s(() => false)).reason).toMatchObject({ why: 'stalled' })
})

it('looks at nothing before half of the silence has passed, and then once a second', async () => {
  expect((await silentFor600s(() => false)).looks).toBeLessThanOrEqual(31)
})
