/** A sample of `test/longest/steps.test.ts`, another one for each seed: every step, and every fault at least once. */
import { describe, expect, it } from 'vitest'
import { STEPS } from '../../runtime/telemetry/steps.ts'
import { random } from '../helpers/seed.ts'
import { watchFault } from './faults.ts'
import { ACTIONS, keyOf, useStepStack, type Action } from './steps.ts'

const used = useStepStack()

const choose = random('sample of faults at steps')
const actions = choose.shuffled<Action>([
  ...ACTIONS,
  ...ACTIONS.slice(0, 2),
  ...[1, 2, 3].map(() => choose.pick(ACTIONS)),
])
const sample = STEPS.map((step, index) => ({ step, action: actions[index] as Action }))

/** Each of them is told of when it comes in the middle of an attempt. */
const TOLD = ['worker killed', 'worker asleep', 'redis killed', 'redis asleep', 'minio killed'] as const

describe('one result, whole, whatever happens', () => {
  it.each(sample)('with $step: $action', async (each) => {
    expect(await used.suffer(each, keyOf(each))).toMatchObject({ state: 'succeeded' })
    await used.assertDone(keyOf(each))
  })

  it.each(TOLD)('a metric tells of it: %s', async (action) => {
    const told = await watchFault(used.stack, action)
    const key = `steps/told-of-${action.replaceAll(' ', '-')}.txt`
    await used.suffer({ step: 'handled', action }, key)
    await used.assertDone(key)
    await expect(told()).resolves.toBeUndefined()
  })

  it('and in the end there is nothing but what manifests name, and nothing is owed', async () => {
    expect(await used.redis.keys('{sluice}:run:*')).toHaveLength(sample.length + TOLD.length)
    expect(await used.assertTidy(sample.map(keyOf))).toBeGreaterThan(0)
  })
})
