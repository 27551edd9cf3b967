/** Bit rates as people write them. Pure. @module */

/** `160k`, `1.5M` or a plain number of bits per second; `undefined` for anything else. */
export function parseBitRate(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(k|M)?$/.exec(text.trim()) ?? []
  if (number === undefined) return undefined
  const factor = unit === 'M' ? 1_000_000 : unit === 'k' ? 1_000 : 1
  return Math.round(Number(number) * factor)
}
