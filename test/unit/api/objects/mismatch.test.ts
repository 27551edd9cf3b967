import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../../runtime/function/definition.ts'
import { mismatchInWords } from '../../../../runtime/api/objects/mismatch.ts'

const ignoring = (...ignore: readonly string[]) =>
  defineFunction({ name: 'probe', version: '1', on: { bucket: 'incoming', ignore } }, (c) => c.json({}))

describe('mismatchInWords', () => {
  it('says why pieces of streams are left out, and how to ask for them', () => {
    expect(mismatchInWords('ignored', ignoring('streams/**'), undefined)).toEqual({
      told: expect.stringMatching(
        /^the key matches its ignore patterns: streams\/\*\*; .* than its reception$/,
      ),
      next: [{ text: expect.stringContaining('SLUICE_STREAMS_FUNCTIONS=probe') }],
    })
  })
  it('says nothing about streams where other keys are left out too', () => {
    expect(mismatchInWords('ignored', ignoring('streams/**', 'tmp/**'), undefined)).toEqual({
      told: 'the key matches its ignore patterns: streams/**, tmp/**',
      next: [],
    })
  })
})
