import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigError, PermanentError } from '../../../runtime/errors.ts'
import { defineFunction } from '../../../runtime/function/definition.ts'
import { checkOptionSettings, mergeOptions } from '../../../runtime/function/options.ts'
import { wrongOptions } from '../../../runtime/function/valid-options.ts'
import { validOptions } from '../../../runtime/function/valid-options.ts'

const options = z.object({
  seconds: z.coerce.number().min(0.5).max(600).default(6),
  mode: z.enum(['copy', 'exact']).default('copy'),
})
const cut = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' }, options }, (c) =>
  c.json({}),
)
const odd = defineFunction(
  {
    name: 'odd',
    version: '1',
    on: { bucket: 'incoming' },
    options: z
      .object({
        maxWidth: z.coerce.number().int().positive().optional(),
        since: z.coerce.date().default(new Date(0)),
        words: z.string().transform((text) => text.split(' ')),
        id: z.bigint().optional(),
        size: z.union([z.literal('full'), z.number().max(9)]).default('full'),
        anything: z.custom<string>(() => true).optional(),
      })
      .refine(({ maxWidth, words }) => maxWidth !== 13 || words.length > 1, 'thirteen needs words'),
  },
  (c) => c.json({}),
)
const pieces = defineFunction(
  {
    name: 'pieces',
    version: '1',
    on: { bucket: 'incoming' },
    options: z.object({
      seconds: z.coerce.number().optional(),
      parts: z.coerce.number().optional(),
      mode: z.string().optional(),
    }),
    alternatives: [['seconds', 'parts']],
  },
  (c) => c.json({}),
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

  it('ignores metadata of other programs, and warns of names that look misspelt', () => {
    const metadata = { 'mc-attrs': 'x', second: '4', owner: 'bob' }
    expect(mergeOptions(cut, { metadata })).toEqual({
      options: { seconds: 6, mode: 'copy' },
      warnings: ['metadata "second" is not an option and was ignored; did you mean "seconds"?'],
    })
  })

  it('fails for good on an invalid value, naming the option, its origin and the valid values', () => {
    const merge = () => mergeOptions(cut, { metadata: { 'cut.seconds': 'many' } })
    expect(merge).toThrow(PermanentError)
    expect(merge).toThrow(
      /option "seconds" \(from the object’s metadata\) is "many": .*Valid options of cut: seconds: number from 0\.5 to 600, default 6; mode: one of copy, exact/,
    )
    expect(() => mergeOptions(cut, { metadata: { 'sluice-seconds': '0' } })).toThrow(
      /is "0": must be at least 0\.5/,
    )
  })
})

describe('alternatives', () => {
  it.each([
    {
      name: 'a request over metadata',
      layers: { metadata: { seconds: '4' }, request: { parts: 3 } },
      merged: { parts: 3 },
    },
    {
      name: 'metadata over settings',
      layers: { settings: { parts: 3 }, metadata: { seconds: '4' } },
      merged: { seconds: 4 },
    },
    {
      name: 'a name with a prefix over a bare one',
      layers: { metadata: { seconds: '4', 'pieces.parts': '3' } },
      merged: { parts: 3 },
    },
    {
      name: 'an option that is not an alternative replaces nothing',
      layers: { metadata: { seconds: '4' }, request: { mode: 'x' } },
      merged: { seconds: 4, mode: 'x' },
    },
  ])('of a higher place replace those of a lower one: $name', ({ layers, merged }) => {
    expect(mergeOptions(pieces, layers).options).toEqual(merged)
  })

  it('of the same place stay together, for the function to judge', () => {
    expect(mergeOptions(pieces, { metadata: { seconds: '4', parts: '3' } }).options).toEqual({
      seconds: 4,
      parts: 3,
    })
  })

  it('together in settings or a request are refused before there is an object', () => {
    expect(wrongOptions(pieces, { seconds: 4, parts: 3 })).toEqual([
      'pieces: seconds and parts are alternatives: give one of them',
    ])
    expect(wrongOptions(pieces, { seconds: 4, mode: 'x' })).toEqual([])
  })
})

describe('names', () => {
  it.each([
    { name: 'settings', layers: { settings: { MAXWIDTH: 7 }, metadata: { words: 'a' } } },
    { name: 'metadata, which S3 lower-cases', layers: { metadata: { words: 'a', maxwidth: '7' } } },
    { name: 'the request', layers: { metadata: { words: 'a', maxwidth: '8' }, request: { maxwidth: 7 } } },
  ])('match in any case in $name', ({ layers }) => {
    expect(mergeOptions(odd, layers)).toMatchObject({ options: { maxWidth: 7 }, warnings: [] })
  })

  it('that are spelt exactly go to their own option', () => {
    const options = z.object({ ab: z.string().optional(), aB: z.string().optional() })
    const both = defineFunction({ name: 'both', version: '1', on: { bucket: 'x' }, options }, (c) =>
      c.json({}),
    )
    expect(mergeOptions(both, { metadata: {}, request: { aB: '1', ab: '2' } }).options).toEqual({
      aB: '1',
      ab: '2',
    })
  })

  it('that do not exist are refused in a request, with a list of those that do', () => {
    const merge = () => mergeOptions(cut, { metadata: {}, request: { second: 4, __proto: 1 } })
    expect(merge).toThrow(PermanentError)
    expect(merge).toThrow(
      /unknown option: "second", "__proto" \(from the request\)\. Valid options of cut: seconds: number/,
    )
  })
})

describe('a schema that JSON Schema has no words for', () => {
  it('still names the invalid option, its origin, and the valid values', () => {
    const merge = () =>
      mergeOptions(odd, { settings: { maxWidth: 0 }, metadata: { words: 'a', 'odd.since': 'yesterday' } })
    expect(merge).toThrow(PermanentError)
    expect(merge).toThrow(/option "maxWidth" \(from SLUICE_OPTIONS\) is 0/)
    expect(merge).toThrow(/option "since" \(from the object’s metadata\) is "yesterday"/)
    expect(validOptions(odd)).toBe(
      'maxWidth: integer above 0; since: date, default "1970-01-01T00:00:00.000Z"; words: string; id: bigint; size: "full" or number to 9, default "full"; anything: see the function',
    )
  })

  it('may have rules about several options', () => {
    const merge = () => mergeOptions(odd, { metadata: { words: 'a', maxwidth: '13' } })
    expect(merge).toThrow(PermanentError)
    expect(merge).toThrow(/^options {"words":"a","maxWidth":"13"}: thirteen needs words/)
    expect(() => checkOptionSettings([odd], { odd: { maxwidth: 13 } })).not.toThrow()
    const check = () => checkOptionSettings([odd], { odd: { maxwidth: -1, width: 1 } })
    expect(check).toThrow(ConfigError)
    expect(check).toThrow(/unknown option "width"; valid[^]*odd\.maxWidth: /)
  })

  it('fails for good when its own code does', () => {
    const options = z.object({
      x: z.string().transform(() => {
        throw new Error('no luck')
      }),
    })
    const broken = defineFunction({ name: 'broken', version: '1', on: { bucket: 'x' }, options }, (c) =>
      c.json({}),
    )
    const merge = () => mergeOptions(broken, { metadata: { 'broken.x': '1' } })
    expect(merge).toThrow(PermanentError)
    expect(merge).toThrow(/options of broken cannot be read: no luck/)
  })
})

describe('checkOptionSettings', () => {
  it('accepts valid ones', () => {
    expect(() => checkOptionSettings([cut], { cut: { seconds: 4 } })).not.toThrow()
  })

  it('lists every unknown function, unknown option and invalid value', () => {
    const check = () => checkOptionSettings([cut], { cot: {}, cut: { second: 4, seconds: 1_000 } })
    expect(check).toThrow(ConfigError)
    expect(check).toThrow(/unknown function "cot"[^]*seconds[^]*second/)
  })
})

it('says so when a function takes no options', () => {
  expect(validOptions(plain)).toBe('this function takes no options')
})

describe('a function that takes no options', () => {
  const plain = defineFunction({ name: 'plain', version: '1', on: { bucket: 'incoming' } }, (c) => c.json({}))

  it('gets an object of its own each time', () => {
    const [one, two] = [mergeOptions(plain, { metadata: {} }), mergeOptions(plain, { metadata: {} })]
    expect([one, two]).toEqual([
      { options: {}, warnings: [] },
      { options: {}, warnings: [] },
    ])
    expect(one.options).not.toBe(two.options)
  })

  it('refuses or reports those that are given all the same', () => {
    expect(() => mergeOptions(plain, { metadata: {}, request: { seconds: 4 } })).toThrow(PermanentError)
    expect(() => mergeOptions(plain, { metadata: { 'plain.seconds': '4' } })).toThrow(PermanentError)
    expect(mergeOptions(plain, { metadata: { 'sluice-seconds': '4' } }).warnings).not.toEqual([])
  })
})
