/** Words of command lines that people copy. Pure. @module */

/** The word as a POSIX shell reads it, whatever is in it: an object's key is its uploader's, and must run nothing. */
export function shellWord(text: string): string {
  return /^[\w./:@=+~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
