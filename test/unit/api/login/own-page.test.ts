import { expect, it } from 'vitest'
import { isFromOwnPage } from '../../../../runtime/api/login/own-page.ts'

const host = 'sluice.example'
it.each<[Record<string, string>, boolean]>([
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'same-site', origin: `https://${host}` }, false],
  [{ 'sec-fetch-site': 'cross-site', origin: `https://${host}` }, false],
  // Typed, or opened from a bookmark: no page sent it, and no form of ours did.
  [{ 'sec-fetch-site': 'none' }, false],
  [{ origin: `http://${host}` }, true],
  [{ origin: 'http://page.example' }, false],
  [{ origin: 'null' }, false],
  [{}, false],
])('%j comes from one of our pages: %s', (headers, isOwn) => {
  expect(isFromOwnPage(new Headers({ host, ...headers }))).toBe(isOwn)
})
