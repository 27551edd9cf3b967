import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { createSharedParts, etagOf } from '../../../../runtime/console/show/shared.ts'

function setUp() {
  let nowMs = 1_000
  let drawn = 0
  const parts = createSharedParts(() => nowMs)
  const get = async (withinMs: number, key = 'a') =>
    (await parts.get(key, withinMs, () => Promise.resolve(`<main>${++drawn}</main>`))).html
  return { parts, get, pass: (ms: number) => (nowMs += ms) }
}

it('a part is drawn once for all who ask at the same time', async () => {
  const { get } = setUp()
  expect(await Promise.all([get(150), get(150), get(150, 'b'), get(150)])).toEqual([
    '<main>1</main>',
    '<main>1</main>',
    '<main>2</main>',
    '<main>1</main>',
  ])
})

it('a part is drawn again for a page whose change is younger than it', async () => {
  const { get, pass } = setUp()
  await get(0)
  pass(150)
  expect(await get(150)).toBe('<main>1</main>')
  expect(await get(149)).toBe('<main>2</main>')
})

it('no part is older than a second, whatever a page asks for', async () => {
  const { get, pass } = setUp()
  await get(0)
  pass(1_001)
  expect(await get(1e9)).toBe('<main>2</main>')
})

it('a failure is not kept', async () => {
  const { parts, get } = setUp()
  await expect(parts.get('a', 500, () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await get(500)).toBe('<main>1</main>')
})

it('as many parts as people look at are kept, and no more than a hundred', async () => {
  const { get } = setUp()
  for (let index = 0; index < 150; index += 1) await get(500, `key ${index}`)
  expect(await get(500, 'key 149')).toBe('<main>150</main>')
  expect(await get(500, 'key 0')).toBe('<main>151</main>')
})

it('a part is the same as long as only ages differ', async () => {
  const { parts } = setUp()
  const html = (age: string, state: string) => `<p><time datetime="a" title="b">${age}</time> ${state}</p>`
  expect(etagOf(html('just now', 'Done'))).toBe(etagOf(html('5 s ago', 'Done')))
  expect(etagOf(html('just now', 'Done'))).not.toBe(etagOf(html('just now', 'Failed')))
  const part = await parts.get('x', 0, () => Promise.resolve(html('just now', 'Done')))
  expect([gunzipSync(part.gzip).toString(), part.etag]).toEqual([part.html, etagOf(part.html)])
})
