/**
 * Globs as picomatch reads them, in time that is linear in the key: its regular expressions are right, but V8 backtracks, and
 * an uploader chooses the key. Case-insensitive; dots are ordinary, and so is a line break. Pure. @module
 */
import picomatch from 'picomatch'
import { createAutomaton } from './automaton.ts'
import { parseExpression } from './expression.ts'

export type KeyTest = (key: string) => boolean

/** The expression that picomatch returns for a glob it cannot translate. */
const NOTHING = '$^'
/** The part of a glob that is quoted in a message. */
const SHOWN = 200

/** @throws {Error} when the text is not a valid glob; the message quotes it */
export function compileGlob(glob: string): KeyTest {
  try {
    const { source } = picomatch.makeRe(glob, { nocase: true, dot: true })
    if (source === NOTHING) throw new Error('a range or bracket in it is wrong')
    const { matches } = createAutomaton(parseExpression(source))
    // As in picomatch, a key that equals the glob matches.
    return (key) => key !== '' && (key === glob || matches(key))
  } catch (error) {
    throw new Error(`${JSON.stringify(glob.slice(0, SHOWN))} is not a glob: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** Whether one of the globs matches. */
export function compileGlobs(globs: readonly string[]): KeyTest {
  const tests = globs.map(compileGlob)
  return (key) => tests.some((test) => test(key))
}
