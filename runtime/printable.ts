/** Text from elsewhere (keys, errors, output of tools) that hides nothing and obeys nobody, on a terminal or a page. Pure. @module */

/** Control characters, lone surrogates, line separators and marks of text direction; not the joiners, which emoji need. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' }

/** One line without anything that a terminal would obey: `a\nb` for a key with a line break. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => {
    const code = char.codePointAt(0) ?? 0
    return SHORT[char] ?? (code <= 0xff ? `\\x${hex(code, 2)}` : `\\u{${hex(code, 4)}}`)
  })
}

/** The same for a program, which can restore the text: a backslash in it becomes `\\`, so `\n` always means a line break. */
export function escaped(text: string): string {
  return printable(text.replaceAll('\\', '\\\\'))
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
