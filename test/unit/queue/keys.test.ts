import { expect, it } from 'vitest'
import fc from 'fast-check'
import { createKeys, objectIdOf, runIdOf } from '../../../runtime/queue/keys.ts'

it('computes the same run id for the same object version, and another for any other', () => {
  const part = fc.string({ minLength: 1 }).filter((text) => !text.includes('\0'))
  const version = fc.tuple(part, part, part, part)
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(runIdOf(...a)).toMatch(/^[0-9a-f]{32}$/)
      expect(runIdOf(...a) === runIdOf(...b)).toBe(a.join('\0') === b.join('\0'))
    }),
  )
})

it('tells the same key in two buckets apart', () => {
  expect(objectIdOf('a', 'k')).not.toBe(objectIdOf('b', 'k'))
})

it('puts every key under one hash tag', () => {
  const keys = createKeys('sluice')
  expect([keys.inbox, keys.stream('chunk', 'live'), keys.stream('chunk', 'low'), keys.run('r')]).toEqual([
    '{sluice}:in',
    '{sluice}:q:chunk',
    '{sluice}:q:chunk:low',
    '{sluice}:run:r',
  ])
})
