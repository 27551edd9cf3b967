/**
 * The lines of FFmpeg's standard error that are kept, however much it writes: the last ones, and of each known pattern the
 * first line that matches, in the order in which they came. Bounded in memory and work. Pure but for its own state.
 * @module
 */

/** The beginning of a longer line is enough. */
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

const MAX_CHARACTERS = 16 * 1024

export interface LastLines {
  add(text: string): void
  /** At most `count` lines, oldest first, without control characters and empty lines. */
  lines(count?: number): readonly string[]
}

export function createLastLines(maxCharacters = MAX_CHARACTERS): LastLines {
  let tail = ''
  return {
    add(text) {
      tail = (tail + text).slice(-maxCharacters)
    },
    lines(count = 20) {
      return tail
        .split(/[\r\n]+/)
        .map(cleanLine)
        .filter((line) => line !== '')
        .slice(-count)
    },
  }
}

/** A line of FFmpeg that may be shown: it may quote the file, and an escape sequence must not reach a terminal. */
function cleanLine(line: string): string {
  return (
    line
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
      .trimEnd()
      // The port and token of our proxy are private, and equal failures should look equal.
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+\/\w+/g, 'source')
  )
}
