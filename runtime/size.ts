/** Sizes: the parser for settings such as `'50GiB'`. @module */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/**
 * Bytes of a size for people: `'512B'`, `'64MiB'`, `'50GiB'` (powers of 1024).
 *
 * @throws {RangeError} when the text is no such size; the message quotes it and says what is valid
 */
export function parseSizeBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB)$/.exec(text.trim())
  if (!match) {
    throw new RangeError(
      `"${text}" is no size: write a number and one of ${UNITS.join(', ')}, such as "64MiB"`,
    )
  }
  return Math.round(Number(match[1]) * 1024 ** UNITS.indexOf(match[2] as (typeof UNITS)[number]))
}
