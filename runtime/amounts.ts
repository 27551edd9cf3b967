/** Amounts: sizes such as `'50GiB'`, and long lists in batches. @module */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/**
 * Parses a size as people write it, to bytes: `'512B'`, `'64MiB'`, `'50GiB'` (powers of 1024).
 *
 * @throws {RangeError} when the text is not a size; the message quotes it and says what is valid
 */
export function parseSizeBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB)$/.exec(text.trim())
  if (!match) {
    throw new RangeError(
      `"${text}" is not a size: write a number followed by ${UNITS.slice(0, -1).join(', ')} or ${UNITS.at(-1)}, such as "64MiB"`,
    )
  }
  return Math.round(Number(match[1]) * 1024 ** UNITS.indexOf(match[2] as (typeof UNITS)[number]))
}

/** Such as `512 bytes`, `3.4 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length)
  return `${Number((bytes / 1_024 ** power).toFixed(1))} ${units[power - 1] ?? ''}`
}

/** The items in their order, at most `size` at a time. */
export function* batchesOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
