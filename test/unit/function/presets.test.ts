import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { PermanentError } from '../../../runtime/errors.ts'
import { defineFunction } from '../../../runtime/function/definition.ts'
import { mergeOptions } from '../../../runtime/function/options.ts'
import { validOptions, wrongOptions } from '../../../runtime/function/valid-options.ts'

const on = { bucket: 'incoming' }
const options = z.object({
  seconds: z.coerce.number().min(1).default(6),
  renditions: z.string().default('all'),
  height: z.coerce.number().optional(),
})
const presets = { mobile: { seconds: 4, renditions: '480,240' }, archive: { renditions: 'source' } }
const hls = defineFunction({ name: 'hls', version: '1', on, options, presets, trigger: 'asked' }, (c) =>
  c.json({}),
)
const poster = defineFunction(
  {
    name: 'poster',
    version: '1',
    on,
    options: z.object({ height: z.coerce.number().default(720) }),
    trigger: 'asked',
  },
  (c) => c.json({}),
)
const chunk = defineFunction(
  { name: 'chunk', version: '1', on, options: z.object({ seconds: z.coerce.number().default(6) }) },
  (c) => c.json({}),
)
const functions = [chunk, hls, poster]
type Layers = Parameters<typeof mergeOptions>[1]
const merged = (layers: Partial<Layers>) => mergeOptions(hls, { metadata: {}, functions, ...layers })

describe('a preset', () => {
  it('is below every layer, each option by itself', () => {
    expect(merged({ metadata: { preset: 'mobile' } })).toMatchObject({
      options: { seconds: 4, renditions: '480,240' },
      preset: 'mobile',
    })
    const layers = { settings: { renditions: '360' }, metadata: { preset: 'mobile' } }
    expect(merged(layers).options).toEqual({ seconds: 4, renditions: '360' })
    expect(merged({ metadata: { preset: 'mobile', seconds: '9' } }).options).toEqual({
      seconds: 9,
      renditions: '480,240',
    })
  })

  it('of the highest layer that names one counts, and none of the others', () => {
    const settings = { preset: 'mobile' }
    expect(merged({ settings }).preset).toBe('mobile')
    expect(merged({ settings, metadata: { preset: 'archive' } })).toMatchObject({
      options: { seconds: 6, renditions: 'source' },
      preset: 'archive',
    })
    const metadata = { preset: 'mobile', 'sluice-preset': 'archive', 'hls.preset': 'mobile' }
    expect(merged({ metadata }).preset).toBe('mobile')
    expect(merged({ metadata, request: { preset: 'mobile', 'hls.preset': 'archive' } }).preset).toBe(
      'archive',
    )
  })

  it('that does not exist fails, unless a bare name in metadata may be another program’s', () => {
    expect(merged({ metadata: { preset: 'web' } })).toMatchObject({
      options: { seconds: 6 },
      warnings: [expect.stringMatching(/"preset" was ignored: "web" .*\(one of mobile, archive\)/)],
    })
    for (const layers of [
      { metadata: { 'hls.preset': 'web' } },
      { request: { preset: '__proto__' } },
      { settings: { preset: 7 } },
    ]) {
      expect(() => merged(layers)).toThrow(PermanentError)
      expect(() => merged(layers)).toThrow(
        /^preset \(from .*\) is .*: the presets of hls are mobile, archive$/,
      )
    }
  })

  it('is nothing to a function that has none', () => {
    const metadata = { make: 'hls,poster', preset: 'mobile' }
    expect(mergeOptions(poster, { metadata, functions })).toEqual({ options: { height: 720 }, warnings: [] })
    expect(() => mergeOptions(poster, { metadata: { 'poster.preset': 'mobile' }, functions })).toThrow(
      /unknown option/,
    )
  })

  it('is listed among the options, and checked with them', () => {
    expect(validOptions(hls)).toMatch(/preset: one of mobile, archive/)
    expect(validOptions(poster)).not.toMatch(/preset/)
    expect(wrongOptions(hls, { preset: 'web' })).toEqual([expect.stringMatching(/^hls\.preset: /)])
    expect(wrongOptions(hls, { preset: 'mobile' })).toEqual([])
  })

  it('may not be the name of an option as well', () => {
    const both = () =>
      defineFunction(
        {
          name: 'both',
          version: '1',
          on,
          options: z.object({ preset: z.string().optional() }),
          presets: { a: {} },
        },
        (c) => c.json({}),
      )
    expect(both).toThrow('"both": presets: its option "preset" would have the same name')
  })

  it('gives what the highest layer says of each option, whatever the layers are', () => {
    const layer = fc.record(
      {
        seconds: fc.integer({ min: 1, max: 99 }),
        renditions: fc.constantFrom('a', 'b'),
        preset: fc.constantFrom('mobile', 'archive'),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(layer, layer, layer, (settings, own, request) => {
        const metadata = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, String(value)]))
        const preset = request.preset ?? own.preset ?? settings.preset
        const base = preset === undefined ? {} : presets[preset]
        const { preset: _preset, ...expected } = {
          seconds: 6,
          renditions: 'all',
          ...base,
          ...settings,
          ...own,
          ...request,
        }
        expect(merged({ settings, metadata, request }).options).toEqual(expected)
      }),
    )
  })
})

describe('an option of a request', () => {
  it('is meant for one function by its name, and outranks a bare one', () => {
    const request = { seconds: 3, 'hls.seconds': 2, 'poster.height': 9, 'CHUNK.seconds': 1 }
    expect(merged({ request }).options).toMatchObject({ seconds: 2 })
    expect(mergeOptions(chunk, { metadata: {}, functions, request }).options).toEqual({ seconds: 1 })
  })

  it('that its function does not have is refused', () => {
    expect(() => merged({ request: { 'hls.width': 2 } })).toThrow(
      /unknown option: "width" \(from the request\)/,
    )
  })
})

describe('metadata that set nothing', () => {
  const warningsOf = (metadata: Record<string, string>) =>
    mergeOptions(chunk, { metadata, functions }).warnings

  it('are a warning of the functions that run', () => {
    expect(warningsOf({ make: 'hls', 'hls.secnds': '4' })).toEqual([
      'metadata "hls.secnds" is not an option of hls; did you mean "seconds"?',
    ])
    expect(warningsOf({ 'hls.seconds': '4' })).toEqual([
      'metadata "hls.seconds" has no effect: hls runs only when asked, make=hls',
    ])
    expect(warningsOf({ make: 'poster', renditions: '480' })).toEqual([
      'metadata "renditions" has no effect: it is an option of hls, which is not in "make"',
    ])
    expect(warningsOf({ make: 'hsl' })).toEqual([
      expect.stringMatching(/names "hsl", which is not a function/),
    ])
    expect(warningsOf({ 'sluice-make': 'hls', 'sluice-preset': 'mobile' })).toEqual([])
  })

  it('are not pointed out where they may be another program’s, or do set something', () => {
    expect(warningsOf({ renditions: '480', make: '' })).toEqual([])
    // One letter, or two behind the prefix, from an option of the function that runs.
    const taking = defineFunction(
      {
        name: 'taking',
        version: '1',
        on,
        options: z.object({
          take: z.string().optional(),
          mode: z.string().optional(),
          heights: z.string().optional(),
        }),
      },
      (c) => c.json({}),
    )
    for (const metadata of [{ make: 'hls' }, { 'sluice-make': 'hls' }, { mode: 'a', height: '9' }])
      expect(mergeOptions(taking, { metadata, functions: [...functions, taking] }).warnings).toEqual([])
    expect(warningsOf({ make: 'hls,poster', 'hls.seconds': '4', height: '9', 'poster.height': '1' })).toEqual(
      [],
    )
  })
})
