/** Text that arrives in pieces -> whole lines, in bounded memory. Pure but for its own state. @module */

/** What is longer is handed over in pieces of about this length: no tool that works writes such a line. */
export const MAX_LINE_CHARACTERS = 10 * 1024 ** 2

export interface LineSplitter {
  add(text: string): void
  /** The rest without a line end, when the stream is over. */
  end(): void
}

export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  let rest = ''
  return {
    add(text) {
      // What has no end yet is only appended to: searched anew with each piece, a long line would take for ever.
      const lines = text.split('\n')
      lines[0] = rest + lines[0]
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
      if (rest.length > MAX_LINE_CHARACTERS) {
        onLine(rest)
        rest = ''
      }
    },
    end() {
      if (rest !== '') onLine(rest)
      rest = ''
    },
  }
}
