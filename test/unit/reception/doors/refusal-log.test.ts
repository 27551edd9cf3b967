import { expect, it } from 'vitest'
import { createRefusalLog } from '../../../../runtime/reception/doors/refusal-log.ts'

it('logs the first refusal at once, and those of the next ten seconds in one line', () => {
  let nowMs = 0
  const lines: unknown[] = []
  const logRefusal = createRefusalLog(
    { warn: (facts: object) => void lines.push(facts) } as never,
    'full',
    () => nowMs,
  )
  logRefusal('192.0.2.1')
  for (nowMs = 1_000; nowMs < 10_000; nowMs += 1_000) logRefusal('192.0.2.2')
  expect(lines).toEqual([{ count: 1, address: '192.0.2.1' }])
  logRefusal('192.0.2.3')
  expect(lines.at(-1)).toEqual({ count: 10, address: '192.0.2.3' })
})
