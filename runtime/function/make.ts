/**
 * `make`: the names of functions that an object asks for in its metadata, such as `hls,poster`. Pure.
 *
 * Other programs write metadata of this name too (the maker of a camera), so a word that is not a function is never an error: it
 * is a warning in the manifests of the functions that run, and a line of `sluice why`.
 * @module
 */
import { nearestOf, shortened } from './near-miss.ts'

/** With our prefix the name can only be meant for us. */
export const MAKE = 'make'
const NAMES: readonly string[] = [MAKE, `sluice-${MAKE}`]
/** As a listing and an event write the names of user metadata. */
const PREFIX = 'x-amz-meta-'
/** Words that are quoted in a warning; the others are counted. */
const QUOTED = 5

/** The words of a list, in lower case as functions are named, each once. */
export function wordsOf(text: string): readonly string[] {
  const words = text.split(/[\s,]+/).map((word) => word.toLowerCase())
  return [...new Set(words.filter((word) => word !== ''))]
}

/** @param metadata - names in any case, with or without `x-amz-meta-` */
export function makeOf(metadata: Readonly<Record<string, unknown>>): readonly string[] {
  const words = Object.entries(metadata).flatMap(([name, value]) => {
    const lower = name.toLowerCase()
    const plain = lower.startsWith(PREFIX) ? lower.slice(PREFIX.length) : lower
    return NAMES.includes(plain) && typeof value === 'string' ? wordsOf(value) : []
  })
  return words.length > 0 ? [...new Set(words)] : NONE
}

const NONE: readonly string[] = []

/** The warning about words that are not functions; undefined when there is none. */
export function strangeWords(
  make: readonly string[],
  functions: readonly { readonly name: string }[],
): string | undefined {
  const names = functions.map(({ name }) => name)
  const strange = make.filter((word) => !names.includes(word))
  if (strange.length === 0) return undefined
  const quoted = strange.slice(0, QUOTED).map((word) => JSON.stringify(shortened(word)))
  const more = strange.length > QUOTED ? ` and ${strange.length - QUOTED} more` : ''
  const near = strange.length === 1 ? nearestOf(strange[0] as string, names) : undefined
  const hint = near === undefined ? `functions are ${names.join(', ')}` : `did you mean "${near}"?`
  return `metadata "make" names ${quoted.join(', ')}${more}, which ${strange.length === 1 ? 'is not a function' : 'are not functions'}; ${hint}`
}
