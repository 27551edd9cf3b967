/** Text that arrives in pieces -> whole lines. Pure but for its own state. @module */

export interface LineSplitter {
  add(text: string): void
  /** The rest without a line end, when the stream is over. */
  end(): void
}

export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
  let rest = ''
  return {
    add(text) {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    },
    end() {
      if (rest !== '') onLine(rest)
      rest = ''
    },
  }
}
