/** Text from elsewhere (keys, errors, output of tools) on a terminal, and its width there. Pure. @module */
import { escaped, printable } from '../../printable.ts'

const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/u

/** For a person on a terminal, or for a program at the other end of a pipe. */
export function shownOn({ isTerminal }: { readonly isTerminal: boolean }, text: string): string {
  return isTerminal ? printable(text) : escaped(text)
}

export function linesOf(text: string): readonly string[] {
  return text.trimEnd().split(/\r?\n/)
}

/** The lines of a text, each printable. */
export function printableLines(text: string): readonly string[] {
  return linesOf(text).map(printable)
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** The characters that a person sees: a letter with its accents, or a family of emoji, is one. */
function charsOf(text: string): readonly string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** The number of columns that it takes. */
export function widthOf(text: string): number {
  return charsOf(text).reduce((width, char) => width + (WIDE.test(char) ? 2 : 1), 0)
}

export function padded(text: string, width: number, isRight = false): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return isRight ? space + text : text + space
}

/** At most `width` columns: the middle is left out, since keys differ at their ends. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const chars = charsOf(text)
  const half = Math.floor((width - 1) / 2)
  return `${take(chars, width - 1 - half)}…${take(chars.toReversed(), half, true)}`
}

function take(chars: readonly string[], width: number, isReversed = false): string {
  const taken: string[] = []
  let left = width
  for (const char of chars) {
    left -= widthOf(char)
    if (left < 0) break
    taken.push(char)
  }
  return (isReversed ? taken.toReversed() : taken).join('')
}

/** A paragraph in lines of at most `width` columns; a longer word has its own line. */
export function wrapped(text: string, width: number, indent = ''): string {
  const lines: string[] = []
  let line = ''
  // A key may have several spaces in a row, and all of them count.
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 && line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > width - indent.length) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].join(`\n${indent}`)
}
