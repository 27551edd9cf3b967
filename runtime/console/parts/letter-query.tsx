/** The query of the page of dead letters: its address, and the hidden fields of its forms. @module */

export const DEATHS = ['permanent', 'exhausted', 'crash-loop'] as const
type Death = (typeof DEATHS)[number]

/** The query of the address; unknown values are left out. */
export interface LetterQuery {
  readonly function?: string | undefined
  readonly reason?: Death | undefined
  /** A part of the key. */
  readonly contains?: string | undefined
  readonly prefix?: string | undefined
  /** The id of a kind: only this one, with all its files. */
  readonly kind?: string | undefined
  readonly cursor?: string | undefined
}

/** @param given - the value of a field, empty where there is none */
export function letterQueryOf(given: (name: string) => string): LetterQuery {
  const reason = given('reason')
  return {
    function: given('function') || undefined,
    reason: DEATHS.find((death) => death === reason),
    contains: given('contains') || undefined,
    prefix: given('prefix') || undefined,
    kind: given('kind') || undefined,
    cursor: given('cursor') || undefined,
  }
}

export function letterSearchOf(query: LetterQuery): string {
  const fields = Object.entries(query).filter(([, value]) => value !== undefined)
  return new URLSearchParams(fields).toString()
}

/** The kinds that a form names are those of this query. */
export function QueryFields({ query }: { readonly query: LetterQuery }) {
  return (
    <>
      {[...new URLSearchParams(letterSearchOf(query))].map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
    </>
  )
}
