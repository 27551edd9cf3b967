import { describe, expect, it } from 'vitest'
import {
  manifestJsonSchema,
  manifestText,
  parseIdentity,
  parseManifest,
} from '../../../runtime/output/manifest.ts'
import { manifestOf } from '../../helpers/manifest.ts'

const file = {
  key: 'a/chunk/~1/c.mp4',
  role: 'chunk',
  contentType: 'video/mp4',
  bytes: 3,
  sha256: '0'.repeat(64),
}
const chunk = { index: 0, startSeconds: 0, requestedSeconds: 6, durationSeconds: 6.006 }
const full = manifestOf({
  options: { seconds: 6, nested: { list: [1, null, 'x', true] } },
  files: [{ ...file, ...chunk }, file],
  pointers: { 'probe.json': file.key },
  probe: { format: 'mp4' },
  totals: { chunks: 1 },
  warnings: ['near miss'],
  tools: { ffmpeg: '5.1.9' },
})

describe('a manifest', () => {
  it('comes back from its text as it was', () => {
    expect(parseManifest(manifestText(full))).toEqual(full)
    expect(parseManifest(manifestText(manifestOf()))).toEqual(manifestOf())
  })

  it.each([
    { name: 'broken text', text: '{"schema": 1' },
    { name: 'no object', text: '[]' },
    { name: 'nothing', text: '' },
    { name: 'another schema', text: JSON.stringify({ ...full, schema: 2 }) },
    { name: 'a missing field', text: JSON.stringify({ ...full, files: undefined }) },
    { name: 'an invalid sha256', text: JSON.stringify({ ...full, files: [{ ...file, sha256: 'x' }] }) },
    {
      name: 'a pointer that leads out of its folder',
      text: JSON.stringify({ ...full, pointers: { '../x': 'y' } }),
    },
    { name: 'a pointer to itself', text: JSON.stringify({ ...full, pointers: { 'manifest.json': 'y' } }) },
    { name: 'an invalid time', text: JSON.stringify({ ...full, startedAt: 'now' }) },
  ])('is not read from $name', ({ text }) => {
    expect(parseManifest(text)).toBeUndefined()
  })

  it('is refused before it is written when it is not valid', () => {
    expect(() => manifestText({ ...full, epoch: -1 })).toThrow(/epoch/)
  })

  it('has a JSON Schema that lists every field', () => {
    const schema = manifestJsonSchema() as { properties: object; required: string[] }
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(Object.keys(full)))
    expect(schema.required).toEqual(expect.arrayContaining(['schema', 'run', 'source', 'files']))
    expect(schema.required).not.toContain('probe')
  })
})

describe('parseIdentity', () => {
  it('reads the identity of a manifest of a later schema', () => {
    const later = { ...full, schema: 2, files: 'elsewhere', source: { ...full.source, more: 1 } }
    expect(parseIdentity(JSON.stringify(later))).toMatchObject({
      run: full.run,
      attempt: full.attempt,
      epoch: 0,
    })
  })

  it.each(['', '{}', 'null', '{"run": "x"}'])('finds no identity in %j', (text) => {
    expect(parseIdentity(text)).toBeUndefined()
  })
})

it('is published as JSON Schema in docs/, as the code has it (vitest -u writes it again)', async () => {
  const text = `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`
  await expect(text).toMatchFileSnapshot('../../../docs/manifest.schema.json')
})
