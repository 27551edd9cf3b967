/** Names that were probably misspelt, and how they are quoted. Pure. @module */

/** Metadata may have 2 KiB, which is too long for a sentence. */
const MAX_QUOTED_CHARACTERS = 60

export function shortened(text: string): string {
  return text.length > MAX_QUOTED_CHARACTERS ? `${text.slice(0, MAX_QUOTED_CHARACTERS)}…` : text
}

/** The first of `names` that is spelled nearly so. */
export function nearestOf(written: string, names: readonly string[]): string | undefined {
  return names.find(
    (name) => distance(written.toLowerCase(), name.toLowerCase()) <= (name.length > 4 ? 2 : 1),
  )
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1)
    }
    row = next
  }
  return row[b.length] as number
}
