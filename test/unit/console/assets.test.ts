import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { assetHref } from '../../../runtime/console/assets.ts'
import { createTestConsole } from './test-console.ts'

const { app } = createTestConsole()
const get = (name: string, headers: Record<string, string> = {}) =>
  app.request(`/assets/${name}`, { headers })

it.each([
  ['console.css', 'text/css; charset=utf-8'],
  ['console.js', 'text/javascript; charset=utf-8'],
  ['console/page.js', 'text/javascript; charset=utf-8'],
  ['console/idiomorph.js', 'text/javascript; charset=utf-8'],
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

it.each(['..%2fconsole.tsx', 'console/idiomorph.d.ts', 'sheet/10-base.css', 'x/y/console.js', ''])(
  'serves no "%s"',
  async (name) => {
    expect((await get(name)).status).toBe(404)
  },
)

it('lets browsers keep files of this version for good, and asks for those of another each time', async () => {
  const [, version = ''] = /^\/assets\/([^/]+)\/console\.js$/.exec(assetHref('', 'console.js')) ?? []
  const cached = async (path: string) => (await get(path)).headers.get('cache-control')
  expect(await cached(`${version}/console/page.js`)).toMatch(/immutable$/)
  expect(await cached('another/console.js')).toBe('no-cache')
  expect(await cached('console.js')).toBe('no-cache')
})

it('serves every module that another one imports', async () => {
  const seen = new Set<string>()
  const waiting = ['console.js']
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    const answer = await get(name)
    expect([name, answer.status]).toEqual([name, 200])
    const imports = (await answer.text()).matchAll(/^import .* from '([^']+)'$/gm)
    for (const [, to = ''] of imports) waiting.push(new URL(to, `http://x/${name}`).pathname.slice(1))
  }
  expect(seen.size).toBeGreaterThan(8)
})
