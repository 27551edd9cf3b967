/** What a client asks of an object by the header `Range` (RFC 9110, 14). Pure. @module */

export type RequestedRange =
  | { readonly kind: 'whole' }
  /** 0-based; both ends are included. */
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

/**
 * `bytes=a-b`, `a-` and `-n` of an object of `sizeBytes`. What is no such range asks for the whole, as if it had not been
 * there: other units, several ranges at a time, and nonsense.
 */
export function parseRange(header: string | undefined, sizeBytes: number): RequestedRange {
  const match = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '')
  const [first = '', last = ''] = match?.slice(1) ?? []
  if (first === '' && last === '') return { kind: 'whole' }
  if (first === '') return part(sizeBytes - Math.min(Number(last), sizeBytes), Infinity, sizeBytes)
  if (last !== '' && Number(last) < Number(first)) return { kind: 'whole' }
  return part(Number(first), last === '' ? Infinity : Number(last), sizeBytes)
}

function part(start: number, end: number, sizeBytes: number): RequestedRange {
  if (start >= sizeBytes) return { kind: 'unsatisfiable' }
  return { kind: 'part', start, end: Math.min(end, sizeBytes - 1) }
}
