/**
 * Randomness that can be had again: every random choice of a test comes from `TEST_SEED`, a whole number, 1 unless it is set.
 * A test that fails says with which seed; `TEST_SEED=7 npm test` tries others.
 * @module
 */
export const SEED = readSeed()

function readSeed(): number {
  const text = process.env['TEST_SEED'] ?? '1'
  const seed = Number(text)
  if (!Number.isSafeInteger(seed)) throw new Error(`TEST_SEED: "${text}" is not a whole number`)
  return seed
}

export interface Random {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number
  pick<T>(items: readonly T[]): T
  shuffled<T>(items: readonly T[]): T[]
}

/**
 * @param what - of one seed each purpose has its own row of numbers, so that a test's choices do not hang on the others'
 */
export function random(what: string): Random {
  let state = hash(`${SEED} ${what}`)
  // mulberry32: small, and good enough to choose by.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick<T>(items: readonly T[]) {
      if (items.length === 0) throw new RangeError('there is nothing to pick from')
      return items[below(items.length)] as T
    },
    shuffled<T>(items: readonly T[]) {
      const row = [...items]
      for (let at = row.length - 1; at > 0; at--) {
        const other = below(at + 1)
        ;[row[at], row[other]] = [row[other] as T, row[at] as T]
      }
      return row
    },
  }
}

function hash(text: string): number {
  let value = 0x811c9dc5
  for (const char of Buffer.from(text)) value = Math.imul(value ^ char, 0x01000193)
  return value
}
