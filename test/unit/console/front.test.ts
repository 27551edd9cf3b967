import { expect, it } from 'vitest'
import { createFront } from '../../../runtime/console/front.ts'

const app = (name: string) => ({ fetch: () => new Response(name) })
const front = createFront(app('api'), app('pages'))

it.each([
  ['/v1/runs', 'api'],
  ['/v1', 'api'],
  ['/healthz', 'api'],
  ['/metrics?x', 'api'],
  ['/openapi.json', 'api'],
  ['/', 'pages'],
  ['/v1x', 'pages'],
  ['/runs', 'pages'],
  ['//v1/runs', 'pages'],
])('%s is answered by the %s', async (path, name) => {
  const request = new Request(`http://localhost${path}`)
  expect(await (await front.fetch(request)).text()).toBe(name)
})
