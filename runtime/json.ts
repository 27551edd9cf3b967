/** JSON of others. @module */

/** The value of a text; undefined when it is not JSON, which has no such value. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
