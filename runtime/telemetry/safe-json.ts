/** JSON as it may stand on a terminal: what JSON.stringify leaves as it is could steer one. Pure. @module */

/** DEL, C1 controls, line separators and what turns the direction of text; not the joiners, which emoji have. */
const STEERING = /[\x7f-\x9f\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu

/** The same value to whoever parses it. */
export function safeJson(value: unknown, indent?: number): string {
  // Undefined for what JSON does not have, whatever its type says.
  const text = JSON.stringify(value, null, indent) as string | undefined
  return (text ?? 'undefined').replaceAll(STEERING, (character) =>
    // Beyond U+FFFF JSON names two halves.
    character
      .split('')
      .map((half) => `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}
