import { expect, it } from 'vitest'
import { createStrays, strayLimit } from '../../../runtime/worker/strays.ts'

it('counts handlers that keep running after their attempts, and calls once when there are too many', async () => {
  const steps: string[] = []
  const calls: number[] = []
  const strays = createStrays({
    limit: 2,
    onTooMany: (count) => calls.push(count),
    onChange: (name, step) => steps.push(`${name} ${step}`),
  })
  const ends: (() => void)[] = []
  const handler = () => new Promise<void>((resolve) => ends.push(resolve))
  strays.add('cut', handler())
  expect([strays.count, ...calls]).toEqual([1])
  strays.add('probe', handler())
  strays.add('cut', Promise.reject(new Error('ended at last')))
  expect(calls).toEqual([2])
  for (const end of ends) end()
  await new Promise((resolve) => setImmediate(resolve))
  expect(strays.count).toBe(0)
  expect(steps.toSorted()).toEqual(['cut -1', 'cut -1', 'cut 1', 'cut 1', 'probe -1', 'probe 1'])
})

it.each([
  { slots: 1, expected: 10 },
  { slots: 64, expected: 64 },
])(
  'allows as many as a worker of $slots slots may have attempts, and ten at least',
  ({ slots, expected }) => {
    expect(strayLimit(slots)).toBe(expected)
  },
)
