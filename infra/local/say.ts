/** Words for the person at the terminal. Progress goes to stderr, so that a last line of JSON stays alone on stdout. @module */

export type Say = (line: string) => void

/** What the person asked for. */
export const say: Say = (line) => {
  process.stdout.write(`${line}\n`)
}

/** Nothing. */
export const silently: Say = () => undefined

/** What happens meanwhile. */
export const progress: Say = (line) => {
  process.stderr.write(`${line}\n`)
}
