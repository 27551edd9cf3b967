import { describe, expect, it } from 'vitest'
import { parseTimes } from '../../../bench/harness/machine.ts'

describe('the machine', () => {
  it('tells what its host gave to others; guests are counted once', () => {
    const stat = 'cpu  100 1 20 300 4 0 5 70 60 0\ncpu0 1 2 3 4 5 6 7 8 9 0\n'
    expect(parseTimes(stat)).toEqual({ total: 500, stolen: 70 })
  })
})
