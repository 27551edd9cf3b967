import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { createTestConsole } from './test-console.ts'

const { app } = createTestConsole()
const get = (name: string, headers: Record<string, string> = {}) =>
  app.request(`/assets/${name}`, { headers })

it.each([
  ['console.css', 'text/css; charset=utf-8'],
  ['console.js', 'text/javascript; charset=utf-8'],
  ['icon.svg', 'image/svg+xml; charset=utf-8'],
])('serves %s, smaller to browsers that can unpack it, and once', async (name, type) => {
  const plain = await get(name)
  const text = await plain.text()
  expect([plain.status, plain.headers.get('content-type')]).toEqual([200, type])
  expect(text.length).toBeGreaterThan(50)
  const br = await get(name, { 'accept-encoding': 'gzip, deflate, br, zstd' })
  expect(brotliDecompressSync(await br.arrayBuffer()).toString()).toBe(text)
  const gzip = await get(name, { 'accept-encoding': 'br;q=0, gzip' })
  expect(gunzipSync(await gzip.arrayBuffer()).toString()).toBe(text)
  const again = await get(name, { 'if-none-match': plain.headers.get('etag') ?? '' })
  expect([again.status, await again.text()]).toEqual([304, ''])
})

it('serves nothing else', async () => {
  expect((await get('..%2fconsole.tsx')).status).toBe(404)
})
