/** The addresses of pages. Keys are anything, so they are in the query. Pure. @module */

export function objectHref(base: string, bucket: string, key: string): string {
  return `${base}/objects/${encodeURIComponent(bucket)}?key=${encodeKey(key)}`
}

export function runHref(base: string, id: string): string {
  return `${base}/runs/${id}`
}

/** Half a character, which some tools put into names, has no encoding: the page then says that the store has no such key. */
function encodeKey(key: string): string {
  return encodeURIComponent(key.toWellFormed())
}
