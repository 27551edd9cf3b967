/** Every fault at every step of an attempt: one result, whole, and nothing left behind. */
import { describe, expect, it } from 'vitest'
import { waitFor } from '../helpers/wait.ts'
import { CASES, keyOf, useStepStack } from '../fault/steps.ts'

const used = useStepStack()

describe('one result, whole, whatever happens', () => {
  it.each(CASES)('with $step: $action', async (each) => {
    expect(await used.suffer(each, keyOf(each))).toMatchObject({ state: 'succeeded' })
    await used.assertDone(keyOf(each))
  })

  it('and the runtime’s own janitor has made its round meanwhile', async () => {
    const restsUntil = await waitFor(
      () => used.redis.hget('{sluice}:janitor', 'restsUntil').then((at) => at ?? undefined),
      {
        timeoutMs: 70_000,
        what: 'a round of the janitor to end',
      },
    )
    expect(Number(restsUntil)).toBeGreaterThan(Date.now())
  })

  it('and in the end there is nothing but what manifests name, and nothing is owed', async () => {
    expect(await used.redis.keys('{sluice}:run:*')).toHaveLength(CASES.length)
    expect(await used.assertTidy(CASES.map(keyOf))).toBeGreaterThan(0)
  })
})
