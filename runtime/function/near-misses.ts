/** Names that were probably meant to be an option's. Pure. @module */

/** A warning for each name of metadata that looks like an option's and is not. */
export function nearMisses(unknown: readonly string[], options: readonly string[]): string[] {
  return unknown.flatMap((name) => {
    const near = options.find(
      (option) => distance(name.toLowerCase(), option.toLowerCase()) <= (option.length > 4 ? 2 : 1),
    )
    return near === undefined
      ? []
      : [`metadata "${name}" is not an option and was ignored; did you mean "${near}"?`]
  })
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
