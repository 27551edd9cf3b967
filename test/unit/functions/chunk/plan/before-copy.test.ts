import { describe, expect, it } from 'vitest'
import { hasPackedFrames, createParameterSets } from '../../../../../functions/chunk/plan/before-copy.ts'

describe('hasPackedFrames', () => {
  it.each(['DivX503b1393p', 'DivX500Build413p', 'XviD0046\0DivX503b1393p'])(
    'is recognised by %j',
    (signature) => {
      expect(hasPackedFrames(Buffer.from(`RIFF....AVI \0\u0001\u00b2${signature}\0`, 'latin1'))).toBe(true)
    },
  )
  it.each(['DivX503b1393n', 'DivX503b1393', 'Lavc58.42.102', ''])('is not recognised by %j', (signature) => {
    expect(hasPackedFrames(Buffer.from(`RIFF....AVI \0\u0001\u00b2${signature}\0`, 'latin1'))).toBe(false)
  })
})

describe('createParameterSets', () => {
  const steady = (...lines: readonly string[]) => {
    const sets = createParameterSets()
    for (const line of ['#format: frame checksums', ...lines]) sets.add(line)
    return sets.isSteady()
  }
  it('is steady only when each packet of parameters is the same', () => {
    expect(steady('0, 0, 0, 3600, 85, 9e07', '0, 90000, 90000, 3600, 85, 9e07')).toBe(true)
    expect(steady('0, 0, 0, 3600, 85, 9e07', '0, 90000, 90000, 3600, 84, beea')).toBe(false)
    expect(steady()).toBe(false)
  })
})
