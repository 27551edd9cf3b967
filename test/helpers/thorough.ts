/**
 * The cases that a plain `npm test` leaves to CI: where many files of one kind go through the same test, it tries one of each
 * kind. With TEST_LONG, as `.ci/run` sets it, all of them are tried.
 * @module
 */
export const isThorough = Boolean(process.env['TEST_LONG'])

/** All of `cases` in CI; otherwise only those in `few`, each of which must be one of them. */
export function oneOfEachKind<T>(cases: readonly T[], few: readonly T[]): readonly T[] {
  const unknown = few.filter((one) => !cases.includes(one))
  if (unknown.length > 0) throw new Error(`not among the cases: ${unknown.join(', ')}`)
  return isThorough ? cases : cases.filter((one) => few.includes(one))
}

/** These in CI, otherwise none of them. */
export function onlyThorough<T>(...cases: readonly T[]): readonly T[] {
  return isThorough ? cases : []
}
