import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineFunction } from '../../../runtime/function/definition.ts'
import { metadataOptions } from '../../../runtime/function/metadata-options.ts'
import { mergeOptions } from '../../../runtime/function/options.ts'

const cut = defineFunction(
  {
    name: 'cut',
    version: '1',
    on: { bucket: 'incoming' },
    options: z.object({
      seconds: z.coerce.number().min(0.5).default(6),
      maxWidth: z.coerce.number().optional(),
      picky: z
        .string()
        .transform((text) => JSON.parse(text) as unknown)
        .optional(),
    }),
  },
  (c) => c.json({}),
)
const paint = defineFunction(
  {
    name: 'paint',
    version: '1',
    on: { bucket: 'incoming' },
    options: z.object({ quality: z.coerce.number().optional() }),
  },
  (c) => c.json({}),
)
const functions = [cut, paint]
const merged = (metadata: Record<string, string>) => mergeOptions(cut, { metadata, functions })

describe('a name with a prefix', () => {
  it.each(['cut.seconds', 'sluice-seconds', 'CUT.Seconds', 'Sluice-SECONDS'])(
    'sets the option: %s',
    (name) => {
      expect(merged({ [name]: '2' })).toMatchObject({ options: { seconds: 2 }, warnings: [] })
    },
  )

  it('outranks a bare one, and the function’s own outranks ours', () => {
    const all = { seconds: '1', 'sluice-seconds': '2', 'cut.seconds': '3' }
    expect(merged(all).options).toMatchObject({ seconds: 3 })
    expect(merged({ seconds: '1', 'sluice-seconds': '2' }).options).toMatchObject({ seconds: 2 })
  })

  it('is refused when the function has no such option', () => {
    expect(() => merged({ 'cut.width': '2' })).toThrow(
      /^unknown option: "cut\.width" \(from the object’s metadata\)\. Valid options of cut: seconds/,
    )
  })

  it('may be meant for another function', () => {
    expect(merged({ 'sluice-quality': '2', 'paste.seconds': '2', 'cutter.width': '1' })).toMatchObject({
      options: { seconds: 6 },
      warnings: [],
    })
  })

  it('is pointed out when no function has such an option, and none has a name near it', () => {
    expect(merged({ 'sluice-colour': 'red', 'Sluice-Quality': '2' }).warnings).toEqual([
      'metadata "sluice-colour" is not an option of any function and was ignored; those of cut are seconds, maxWidth, picky',
    ])
    const plain = defineFunction({ name: 'plain', version: '1', on: { bucket: 'incoming' } }, (c) =>
      c.json({}),
    )
    const { warnings } = mergeOptions(plain, { metadata: { 'sluice-colour': 'red' }, functions })
    expect(warnings).toEqual([expect.stringMatching(/not an option of any function.*; plain has none$/)])
  })

  it.each([
    { name: 'sluice-second', meant: 'sluice-seconds' },
    { name: 'sluice.seconds', meant: 'sluice-seconds' },
    { name: 'cut-seconds', meant: 'cut.seconds' },
    { name: 'cuts.seconds', meant: 'cut.seconds' },
  ])('that is nearly one, $name, is pointed out', ({ name, meant }) => {
    expect(merged({ [name]: '2' })).toMatchObject({
      options: { seconds: 6 },
      warnings: [`metadata "${name}" is not an option and was ignored; did you mean "${meant}"?`],
    })
  })
})

describe('a bare name', () => {
  it('sets the option when its value is valid', () => {
    expect(merged({ maxwidth: '7' })).toMatchObject({ options: { maxWidth: 7 }, warnings: [] })
  })

  it('is ignored with a warning when it is not, also where the schema’s own code fails', () => {
    expect(merged({ seconds: 'x', picky: '{' })).toMatchObject({
      options: { seconds: 6 },
      warnings: [
        expect.stringMatching(
          /"seconds" was ignored: "x" .*\(number from 0\.5, default 6\).* "cut\.seconds" always/,
        ),
        expect.stringMatching(/"picky" was ignored: "{"/),
      ],
    })
  })

  it('leaves the setting in force', () => {
    const { options } = mergeOptions(cut, { settings: { seconds: 8 }, metadata: { seconds: 'x' } })
    expect(options).toMatchObject({ seconds: 8 })
  })

  it('is quoted in no more than a line', () => {
    const { warnings } = metadataOptions(cut, { seconds: 'x'.repeat(2_000) }, [cut])
    expect(warnings[0]?.length).toBeLessThan(300)
  })
})
