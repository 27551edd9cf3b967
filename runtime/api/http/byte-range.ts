/** The header `Range` of players (RFC 9110, 14.2): one range of bytes. Pure. @module */
import type { ByteRange } from '../../storage/storage.ts'

/** Undefined for the whole object, as for a header that is not understood or asks for several ranges, which may be ignored. */
export function requestedRange(
  header: string | undefined,
  sizeBytes: number,
): Required<ByteRange> | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first === '') {
    const start = Math.max(0, sizeBytes - Number(last))
    return Number(last) === 0 || sizeBytes === 0 ? 'unsatisfiable' : { start, end: sizeBytes - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= sizeBytes) return 'unsatisfiable'
  return { start, end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) }
}
