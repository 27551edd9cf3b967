import { expect, it } from 'vitest'
import { z } from 'zod'
import { ConfigError } from '../../../runtime/errors.ts'
import { defineFunction } from '../../../runtime/function/definition.ts'

it('fills in the defaults', () => {
  const definition = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' } }, (c) =>
    c.json({}),
  )
  expect(definition).toMatchObject({
    outputBucket: 'processed',
    maxAttempts: 5,
    firstDelayMs: 1_000,
    maxDelayMs: 300_000,
    timeoutMs: 3_600_000,
    stallTimeoutMs: 60_000,
    concurrency: 1,
    trigger: 'always',
    presets: {},
    minBytes: 0,
    maxBytes: Infinity,
  })
})

it('gives the handler options of the schema’s type', () => {
  // The compiler is the judge: see the two expected errors.
  const options = z.object({ seconds: z.coerce.number().default(6) })
  const typed = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' }, options }, (c) => {
    const seconds: number = c.var.options.seconds
    // @ts-expect-error a misspelt option is an error where it is written
    return c.json({ seconds, misspelt: c.var.options.second })
  })
  defineFunction({ name: 'plain', version: '1', on: { bucket: 'incoming' } }, (c) => {
    // @ts-expect-error a function without options has none
    return c.json({ misspelt: c.var.options.second })
  })
  expect(typed.options.parse({})).toEqual({ seconds: 6 })
})

it('lists every wrong field with the function’s name', () => {
  const define = () =>
    defineFunction(
      {
        name: 'Bad Name',
        version: '1',
        on: { bucket: 'b', size: { max: '5GB' } },
        timeout: 'long',
        retry: { attempts: 0 },
        concurrency: 1.5,
        // What plain JavaScript can say.
        alternatives: [['parts' as never]],
      },
      (c) => c.json({}),
    )
  expect(define).toThrow(ConfigError)
  for (const field of ['name', 'on.size.max', 'timeout', 'retry.attempts', 'concurrency', 'alternatives']) {
    expect(define).toThrow(new RegExp(`"Bad Name": ${field.replaceAll('.', '\\.')}:`))
  }
})

it('refuses a misspelt field, wherever it is, since a misspelt pattern would mean every key', () => {
  const misspelt = {
    name: 'cut',
    version: '1',
    on: { bucket: 'incoming', mtach: ['*.iso'], size: { maxBytes: 10 } },
    retries: { attempts: 3 },
    afterSuccess: 'delete',
  } as unknown as Parameters<typeof defineFunction>[0]
  const define = () => defineFunction(misspelt, (c) => c.json({}))
  for (const issue of [
    'retries: unknown',
    'on.mtach: unknown',
    'on.size.maxBytes: unknown',
    'afterSuccess: "delete"',
  ])
    expect(define).toThrow(issue)
})

it('refuses a trigger that there is not, and presets whose name or options are wrong, each by itself', () => {
  const options = z.object({ seconds: z.coerce.number().min(1).default(6) })
  const define = (rest: object) => () =>
    defineFunction({ name: 'hls', version: '1', on: { bucket: 'incoming' }, options, ...rest }, (c) =>
      c.json({}),
    )
  expect(define({ trigger: 'sometimes' })).toThrow(
    '"hls": trigger: "sometimes" is neither "always" nor "asked"',
  )
  expect(define({ presets: { Phone: {} } })).toThrow('"hls": presets.Phone: lower-case letters')
  expect(define({ presets: { phone: { seconds: 0 } } })).toThrow('"hls": presets.phone: hls.seconds: ')
  expect(define({ presets: { phone: { minutes: 1 } } })).toThrow(
    '"hls": presets.phone: hls: unknown option "minutes"',
  )
  expect(define({ trigger: 'asked', presets: { phone: { seconds: 4 }, tv: {} } })).not.toThrow()
})

it('refuses a glob that cannot be compiled, by its name, and takes the others', () => {
  const define = (on: { match?: string[]; ignore?: string[] }) => () =>
    defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming', ...on } }, (c) => c.json({}))
  expect(define({ match: ['*.mp4', '*(!(a))'] })).toThrow('"cut": on.match: "*(!(a))" is not a glob')
  expect(define({ ignore: ['[z-a]'] })).toThrow('"cut": on.ignore: "[z-a]" is not a glob')
  expect(define({ match: ['*_*_*_*.mp4', '**/*.{mov,mkv}'], ignore: ['!(a)'] })).not.toThrow()
})
