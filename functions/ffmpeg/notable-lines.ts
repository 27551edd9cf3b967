/**
 * The lines of a text stream that mean something, kept when a flood of others comes after them: of each pattern the first line
 * that matches, in the order in which they came. Bounded in memory and work. Pure but for its own state.
 * @module
 */
import { cleanLine } from './last-lines.ts'

/** What is longer says what it says in its beginning. */
const MAX_LINE_CHARACTERS = 2_000
/** Lines that differ in their numbers alone are looked at once; so many kinds are remembered. */
const MAX_KINDS = 2_000

export interface NotableLines {
  add(text: string): void
  /** Oldest first. */
  lines(): readonly string[]
}

/** @param onNotable - called with each line that is kept, as soon as it is there */
export function createNotableLines(
  patterns: readonly RegExp[],
  onNotable: (line: string) => void = () => {},
): NotableLines {
  const wanted = new Set(patterns)
  const kept: string[] = []
  const kinds = new Set<string>()
  let rest = ''

  const look = (text: string) => {
    const line = cleanLine(text.slice(0, MAX_LINE_CHARACTERS))
    const kind = line.replaceAll(/0x[0-9a-f]+|\d+/g, '#')
    if (line === '' || kinds.has(kind)) return
    if (kinds.size < MAX_KINDS) kinds.add(kind)
    const matching = [...wanted].filter((pattern) => pattern.test(line))
    if (matching.length === 0) return
    for (const pattern of matching) wanted.delete(pattern)
    kept.push(line)
    onNotable(line)
  }

  return {
    add(text) {
      const lines = (rest + text).split(/[\r\n]+/)
      rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARACTERS)
      for (const line of lines) look(line)
    },
    lines() {
      look(rest)
      rest = ''
      return kept
    },
  }
}
