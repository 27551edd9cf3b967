/** A mutant: the project with one of its guards broken by hand, which the named tests have to notice. @module */

export interface Mutant {
  /** What is broken, in words. */
  readonly name: string
  readonly file: string
  /** Stands in the file exactly once. */
  readonly text: string
  readonly replacement: string
  /** Vitest files; each failing test in any of them is enough. */
  readonly caughtBy: readonly string[]
}

export type Break = readonly [name: string, text: string, replacement: string]

/** Several mutants of one file. */
export function mutantsOf(file: string, caughtBy: readonly string[], breaks: readonly Break[]): Mutant[] {
  return breaks.map(([name, text, replacement]) => ({ name, file, text, replacement, caughtBy }))
}
