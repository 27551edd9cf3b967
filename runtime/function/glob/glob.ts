/**
 * Globs as picomatch reads them, in time that is linear in the key: its regular expressions are right, but V8 backtracks, and
 * whoever may upload chooses the key. Case-insensitive; dots are ordinary, and so is a line break. Pure. @module
 */
import picomatch from 'picomatch'
import { createAutomaton } from './automaton.ts'
import { parseExpression } from './expression.ts'

export type KeyTest = (key: string) => boolean

/** What picomatch gives for a glob of which it can make nothing. */
const NOTHING = '$^'
/** So much of a glob is in a message. */
const SHOWN = 200

/** @throws {Error} when it cannot be one; the message names the glob */
export function compileGlob(glob: string): KeyTest {
  try {
    const { source } = picomatch.makeRe(glob, { nocase: true, dot: true })
    if (source === NOTHING) throw new Error('a range or bracket in it is wrong')
    const { matches } = createAutomaton(parseExpression(source))
    // picomatch too takes a key that is spelt as the glob is.
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
