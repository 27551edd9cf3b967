import { describe, expect, it } from 'vitest'
import type { ObjectView } from '../../../../runtime/api/objects/model.ts'
import { createTestApi } from '../test-api.ts'

const view = (bucket: string, key: string): Promise<ObjectView> =>
  Promise.resolve({ bucket, key, object: null, summary: 'never seen', events: [], functions: [], runs: [] })

async function ask(path: string) {
  const { app, calls } = createTestApi({ objects: { view } })
  const response = await app.request(path)
  return { status: response.status, answer: await response.json(), viewed: calls[0]?.args }
}

describe('an object', () => {
  it.each([
    { name: 'slashes', path: 'a/b.mp4', key: 'a/b.mp4' },
    { name: 'escaped slashes', path: 'a%2Fb', key: 'a/b' },
    { name: 'spaces and letters of any language', path: 'a%20b/%C3%BC', key: 'a b/ü' },
    { name: 'a plus sign, which is not a space in a path', path: 'a+b%2B', key: 'a+b+' },
    { name: 'question marks, hashes and percent signs', path: '%3F%23%25%2541', key: '?#%%41' },
    { name: 'lines', path: 'a%0Ab%0D', key: 'a\nb\r' },
    { name: 'a slash at its end', path: 'folder/', key: 'folder/' },
    { name: 'slashes in a row and at its beginning', path: '//a//b', key: '//a//b' },
    { name: 'reserved words', path: '~sluice/cancel', key: '~sluice/cancel' },
    { name: '1,024 bytes', path: '%C3%BC'.repeat(512), key: 'ü'.repeat(512) },
  ])('is found by a key with $name', async ({ path, key }) => {
    const { status, viewed } = await ask(`/v1/objects/incoming/${path}`)
    expect({ status, viewed }).toEqual({ status: 200, viewed: ['incoming', key] })
  })

  it.each([
    { query: 'a%2F..%2Fb', key: 'a/../b' },
    { query: 'a+b%2B', key: 'a b+' },
    { query: '.', key: '.' },
  ])('is found by a key in the query, where dot segments stay: $query', async ({ query, key }) => {
    expect((await ask(`/v1/objects/incoming?key=${query}`)).viewed).toEqual(['incoming', key])
  })

  it.each([
    { name: 'a key that is too long', path: `incoming/${'%C3%BC'.repeat(512)}x`, status: 422 },
    { name: 'the same in the query', path: `incoming?key=${'x'.repeat(1_025)}`, status: 422 },
    { name: 'no key', path: 'incoming', status: 400 },
    { name: 'an empty key', path: 'incoming/', status: 400 },
    { name: 'a question mark that is not escaped', path: 'incoming/really?.mp4', status: 400 },
    { name: 'two keys', path: 'incoming?key=a&key=b', status: 400 },
    { name: 'no name of a bucket', path: 'In_Coming/a', status: 400 },
  ])('is not looked up with $name', async ({ path, status }) => {
    const outcome = await ask(`/v1/objects/${path}`)
    expect(outcome).toMatchObject({ status, answer: { status }, viewed: undefined })
  })
})

it('is counted under one route, whatever its key', async () => {
  const { app, metrics } = createTestApi({ objects: { view } })
  for (const path of ['/incoming/a', '/incoming/a/b%0Ac', '/incoming?key=a', '/other/c?d'])
    await app.request(`/v1/objects${path}`)
  const { values } = await metrics.httpSeconds.get()
  expect(new Set(values.map(({ labels }) => labels.route))).toEqual(new Set(['/v1/objects/:bucket/*']))
})
