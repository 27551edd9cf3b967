/** Text that is safe where people read or copy it: on a terminal and in a shell. Pure. @module */

/** DEL, C1 controls, line separators and characters that change the direction of text; not the joiners, which emoji need. */
const STEERING = /[\x7f-\x9f\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu

/** JSON that cannot control a terminal: the characters that JSON.stringify leaves as they are get escaped; it parses to the same value. */
export function safeJson(value: unknown, indent?: number): string {
  // Undefined for values that JSON does not have, whatever the declared type.
  const text = JSON.stringify(value, null, indent) as string | undefined
  return (text ?? 'undefined').replaceAll(STEERING, (character) =>
    // Beyond U+FFFF JSON writes two surrogates.
    character
      .split('')
      .map((half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** The text as one word of a POSIX shell, whatever it contains: an object's key is chosen by its uploader and must not run anything. */
export function shellWord(text: string): string {
  return /^[\w./:@=+~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
