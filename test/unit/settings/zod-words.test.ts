import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../../../runtime/settings/config.ts'
import { messageOf } from '../../../runtime/errors.ts'
import { createApp, v1 } from '../../../runtime/api/http/openapi.ts'
import { createRoute } from '@hono/zod-openapi'

/** How zod begins its own sentences. */
const ZOD = /Invalid|expected|received|Too (?:small|big)|Unrecognized/

describe('an issue of a schema', () => {
  it.each([
    { schema: z.string(), value: undefined, words: 'is missing' },
    { schema: z.number(), value: 'x', words: 'must be a number' },
    { schema: z.coerce.number(), value: 'many', words: 'must be a number' },
    { schema: z.int(), value: 1.5, words: 'must be a whole number' },
    { schema: z.boolean(), value: 1, words: 'must be true or false' },
    { schema: z.number().min(1), value: 0, words: 'must be at least 1' },
    { schema: z.number().gt(1), value: 1, words: 'must be more than 1' },
    { schema: z.number().max(9), value: 10, words: 'must be at most 9' },
    { schema: z.string().min(3), value: 'a', words: 'must have at least 3 characters' },
    { schema: z.array(z.string()).max(1), value: ['a', 'b'], words: 'must have at most 1 entries' },
    { schema: z.enum(['on', 'off']), value: 'maybe', words: 'must be one of on, off' },
    { schema: z.literal('on'), value: 'off', words: 'must be on' },
    { schema: z.strictObject({}), value: { x: 1 }, words: 'has the unknown name "x"' },
    { schema: z.string().regex(/^a/), value: 'b', words: 'does not have the required form' },
    { schema: z.string().regex(/^a/, 'begins with a'), value: 'b', words: 'begins with a' },
    { schema: z.iso.datetime(), value: 'b', words: 'must be a time such as 2026-11-30T12:00:00Z' },
    {
      schema: z.union([z.number(), z.boolean()]),
      value: 'b',
      words: 'has none of the allowed forms',
    },
    { schema: z.number().multipleOf(5), value: 4, words: 'must be a multiple of 5' },
    { schema: z.string().refine(() => false), value: 'b', words: 'is not valid' },
    {
      schema: z.record(z.string().regex(/^a/), z.string()),
      value: { b: '' },
      words: 'has an invalid entry',
    },
  ])('is reported in our words: $words', ({ schema, value, words }) => {
    expect(schema.safeParse(value).error?.issues.map(({ message }) => message)).toEqual([words])
  })

  it('is a sentence too where the error itself is shown', () => {
    const { error } = z.object({ items: z.array(z.object({ name: z.string() })) }).safeParse({ items: [{}] })
    expect(messageOf(error)).toBe('items.0.name is missing')
  })

  it('is never reported in zod’s words: every setting, with values that suit none', () => {
    const names = ['', 'x', '-1', '999999999', '{', ' ', 'a,b', '1.5', 'https://[']
    const settings = readConfig({ SLUICE_X: '1' }).issues[0]?.match(/SLUICE_\w+/g) ?? []
    const all = [
      ...settings,
      'REDIS_URL',
      'MINIO_ENDPOINT',
      'MINIO_REGION',
      'MINIO_ACCESS_KEY',
      'MINIO_SECRET_KEY',
    ]
    const issues = names.flatMap(
      (value) => readConfig(Object.fromEntries(all.map((name) => [name, value]))).issues,
    )
    expect(issues.length).toBeGreaterThan(40)
    expect(issues.filter((issue) => ZOD.test(issue))).toEqual([])
  })

  it('is reported the same way by the API', async () => {
    const app = createApp()
    const query = z.object({ limit: z.coerce.number().max(1000) })
    const route = createRoute({
      method: 'get',
      path: '/x',
      ...v1('x', 'runs', 'reader', 'x'),
      request: { query },
      responses: {},
    })
    app.openapi(route, (c) => c.json({}) as never)
    app.onError((error, c) => c.text(error.message))
    expect(await (await app.request('/x?limit=5000')).text()).toBe(
      'the query is not valid: limit: must be at most 1000',
    )
  })
})
