import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigError, PermanentError } from '../../../runtime/errors.ts'
import { defineFunction } from '../../../runtime/function.ts'
import { checkOptionSettings, mergeOptions, validOptions } from '../../../runtime/worker/options.ts'

const options = z.object({
  seconds: z.coerce.number().min(0.5).max(600).default(6),
  mode: z.enum(['copy', 'exact']).default('copy'),
})
const cut = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' }, options }, (c) =>
  c.json({}),
)
const plain = defineFunction({ name: 'plain', version: '1', on: { bucket: 'incoming' } }, (c) => c.json({}))

describe('mergeOptions', () => {
  it.each([
    { name: 'defaults', layers: { metadata: {} }, seconds: 6 },
    { name: 'settings over defaults', layers: { settings: { seconds: 8 }, metadata: {} }, seconds: 8 },
    {
      name: 'metadata over settings',
      layers: { settings: { seconds: 8 }, metadata: { seconds: '4' } },
      seconds: 4,
    },
    {
      name: 'the request over all',
      layers: { metadata: { seconds: '4' }, request: { seconds: 2 } },
      seconds: 2,
    },
  ])('$name', ({ layers, seconds }) => {
    expect(mergeOptions(cut, layers).options).toEqual({ seconds, mode: 'copy' })
  })

  it('leaves alone what clients write into metadata, and points out what looks misspelt', () => {
    const metadata = { 'mc-attrs': 'x', second: '4', owner: 'bob' }
    expect(mergeOptions(cut, { metadata })).toEqual({
      options: { seconds: 6, mode: 'copy' },
      warnings: ['metadata "second" is no option and was not used; did you mean "seconds"?'],
    })
  })

  it('fails for good on a bad value, naming the option, where it came from and what is valid', () => {
    const merge = () => mergeOptions(cut, { metadata: { seconds: 'many' } })
    expect(merge).toThrow(PermanentError)
    expect(merge).toThrow(
      /option "seconds" \(from the object’s metadata\) is "many": .*Valid options of cut: seconds: number from 0\.5 to 600, default 6; mode: one of copy, exact/,
    )
    expect(() => mergeOptions(cut, { metadata: { seconds: '0' } })).toThrow(/>=0\.5/)
  })
})

describe('checkOptionSettings', () => {
  it('takes right ones', () => {
    expect(() => checkOptionSettings([cut], { cut: { seconds: 4 } })).not.toThrow()
  })

  it('lists every unknown function, unknown option and wrong value', () => {
    const check = () => checkOptionSettings([cut], { cot: {}, cut: { second: 4, seconds: 1_000 } })
    expect(check).toThrow(ConfigError)
    expect(check).toThrow(/no function "cot"[^]*seconds[^]*second/)
  })
})

it('says so when a function takes no options', () => {
  expect(validOptions(plain)).toBe('this function takes no options')
})
