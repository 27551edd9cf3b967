/**
 * Whether a request comes from one of our own pages. Browsers say where a request comes from, and no page can make them lie; so no
 * page needs a token of its own that could expire.
 * @module
 */

export function isFromOwnPage(headers: Headers): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site === 'same-origin'
  // Browsers send it only to addresses that they trust: not over plain HTTP to another machine.
  const origin = headers.get('origin')
  return origin !== null && URL.canParse(origin) && new URL(origin).host === headers.get('host')
}
