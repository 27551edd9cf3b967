/** Medians, as the benchmarks print them. @module */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const value =
    sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
  return value ?? NaN
}

/** The value below which a share of all lies: 0.99 of them. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
