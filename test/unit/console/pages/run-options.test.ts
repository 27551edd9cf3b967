import { describe, expect, it } from 'vitest'
import { sessionOf } from '../../../../runtime/api/login/session.ts'
import { FUNCTION } from '../../api/examples.ts'
import { HOSTILE } from '../full-answers.ts'
import { faultsOf } from '../html.ts'
import { createTestConsole } from '../test-console.ts'

const TOKENS = { reader: 'r'.repeat(32), operator: 'o'.repeat(32) }
const SCHEMA = {
  type: 'object',
  properties: {
    seconds: { type: 'number', minimum: 0.5, maximum: 600, default: 6 },
    mode: { type: 'string', enum: ['exact', 'copy'], default: 'copy' },
  },
}
const get = (name: string) =>
  Promise.resolve(name === 'cut' ? { ...FUNCTION, optionsSchema: SCHEMA } : undefined)
const pathOf = (key: string, name = 'cut') =>
  `/objects/incoming/options?key=${encodeURIComponent(key.toWellFormed())}&function=${name}`

describe('the form for other options', () => {
  it.each(Object.entries(HOSTILE))('is made from the schema, for a key that is %s', async (_, key) => {
    const { app } = createTestConsole({ functions: { get } })
    const html = await (await app.request(pathOf(key))).text()
    expect(faultsOf(html)).toEqual([])
    expect(html).toContain('name="option:cut.seconds"')
    expect(html).toContain('<option>exact</option>')
    const [, action = ''] = / action="(\/objects\/[^"]*)"/.exec(html) ?? []
    const { searchParams } = new URL(action.replaceAll('&#39;', "'").replaceAll('&amp;', '&'), 'http://x')
    expect(searchParams.get('key')).toBe(key.toWellFormed())
  })

  it('is not there for a reader, for an unknown function or for another bucket', async () => {
    const { app } = createTestConsole({ functions: { get } }, { tokens: TOKENS })
    const statusOf = async (path: string, role: 'reader' | 'operator') =>
      (await app.request(path, { headers: { cookie: `sluice_session=${sessionOf(TOKENS, role)}` } })).status
    expect(await statusOf(pathOf('a'), 'reader')).toBe(403)
    expect(await statusOf(pathOf('a', 'odd'), 'operator')).toBe(404)
    expect(await statusOf('/objects/processed/options?key=a&function=cut', 'operator')).toBe(404)
    expect(await statusOf(pathOf('a'), 'operator')).toBe(200)
  })
})
