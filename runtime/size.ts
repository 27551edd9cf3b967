/** Sizes: the parser for settings such as `'50GiB'`, and the printer for people. @module */

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

/** A size for people, such as `"1.2 GiB"`. */
export function formatSize(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1)
  const value = bytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`
}
