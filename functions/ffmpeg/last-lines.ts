/** The tail of a text stream in bounded memory: FFmpeg can write without end. Pure but for its own state. @module */

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
export function cleanLine(line: string): string {
  return (
    line
      .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
      .trimEnd()
      // The port and token of our proxy are nobody's business, and equal failures shall look equal.
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+\/\w+/g, 'source')
  )
}
