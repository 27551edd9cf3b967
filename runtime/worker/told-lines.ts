/** The newest lines of an attempt's tools that were not told yet. Bounded, as most are never asked for. Pure but for its own state. @module */

/** As many as a page shows. */
const MAX_LINES = 50
const MAX_CHARACTERS = 500

export interface ToldLines {
  add(line: string): void
  /** Those since the last call, oldest first; the newest of many. */
  take(): readonly string[]
}

export function createToldLines(): ToldLines {
  let lines: string[] = []
  return {
    add(line) {
      if (lines.length === 2 * MAX_LINES) lines = lines.slice(MAX_LINES)
      lines.push(line.slice(0, MAX_CHARACTERS).toWellFormed())
    },
    take() {
      const taken = lines.slice(-MAX_LINES)
      lines = []
      return taken
    },
  }
}
