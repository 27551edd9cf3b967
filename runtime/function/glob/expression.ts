/**
 * Parses regular expressions, those that picomatch makes of globs. They have no captures, so that matching is a yes or no
 * question, which glob.ts answers in linear time. Pure. @module
 */

export type Expression =
  /** One UTF-16 code unit, by the source of a regular expression for it. */
  | { readonly kind: 'unit'; readonly source: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly parts: readonly Expression[] }
  /** Any number of times. */
  | { readonly kind: 'star'; readonly part: Expression }
  | { readonly kind: 'look'; readonly part: Expression; readonly isNegative: boolean }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }

export const EMPTY: Expression = { kind: 'sequence', parts: [] }

const REPEATS_MAX = 100
const QUANTIFIER = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/
const CLASS = /^\[(?:\\.|[^\]\\])*\]/s
/** Escapes of one character, and of the classes that need no `u` flag. */
const ESCAPE = /^\\(?:[dDwWsStnrvf]|[^0-9A-Za-z])/s

/** @throws {Error} for unsupported syntax, such as back-references */
export function parseExpression(source: string): Expression {
  let rest = source
  const take = (length: number) => {
    const taken = rest.slice(0, length)
    rest = rest.slice(length)
    return taken
  }

  function choice(): Expression {
    const parts = [sequence()]
    while (rest.startsWith('|')) {
      take(1)
      parts.push(sequence())
    }
    return parts.length === 1 ? (parts[0] as Expression) : { kind: 'choice', parts }
  }

  function sequence(): Expression {
    const parts: Expression[] = []
    while (rest !== '' && !/^[|)]/.test(rest)) parts.push(repeated(atom()))
    return { kind: 'sequence', parts }
  }

  function atom(): Expression {
    if (rest.startsWith('(')) return group()
    if (rest.startsWith('[')) return unit(CLASS.exec(rest)?.[0])
    if (rest.startsWith('\\')) return unit(ESCAPE.exec(rest)?.[0])
    if (/^[*+?]/.test(rest)) throw unknown()
    const char = rest.slice(0, 1)
    if (char !== '^' && char !== '$') return unit(char)
    take(1)
    return { kind: char === '^' ? 'start' : 'end' }
  }

  function unit(found: string | undefined): Expression {
    if (!found) throw unknown()
    return { kind: 'unit', source: take(found.length) }
  }

  function group(): Expression {
    const opening = /^\((?:\?[:=!])?(?!\?)/.exec(rest)?.[0]
    if (!opening) throw unknown()
    take(opening.length)
    const part = choice()
    if (!rest.startsWith(')')) throw new Error('a bracket is not closed')
    take(1)
    return opening === '(' || opening === '(?:'
      ? part
      : { kind: 'look', part, isNegative: opening.endsWith('!') }
  }

  function repeated(part: Expression): Expression {
    const [found, from, comma, to] = QUANTIFIER.exec(rest) ?? []
    if (found === undefined) return part
    take(found.length)
    if (found.startsWith('*')) return star(part)
    if (found.startsWith('+')) return { kind: 'sequence', parts: [part, star(part)] }
    if (found.startsWith('?')) return optional(part)
    const least = Number(from)
    const most = comma === '' ? least : Number(to || REPEATS_MAX + 1)
    if (most > REPEATS_MAX) throw new Error(`it repeats a part more than ${REPEATS_MAX} times`)
    const parts = Array.from({ length: most }, (_, index) => (index < least ? part : optional(part)))
    return { kind: 'sequence', parts }
  }

  const unknown = () => new Error(`"${rest.slice(0, 8)}" is not understood in a glob`)
  const parsed = choice()
  if (rest !== '') throw new Error('a bracket is closed that was not opened')
  return parsed
}

function optional(part: Expression): Expression {
  return { kind: 'choice', parts: [part, EMPTY] }
}

/** A repetition of a part that is itself repeated or optional equals one of the bare part. */
function star(part: Expression): Expression {
  return { kind: 'star', part: withoutNothing(part) }
}

function withoutNothing(part: Expression): Expression {
  if (part.kind === 'star') return part.part
  if (part.kind === 'sequence' && part.parts.length === 1) return withoutNothing(part.parts[0] as Expression)
  if (part.kind !== 'choice') return part
  const parts = part.parts.filter((each) => each !== EMPTY).map(withoutNothing)
  return { kind: 'choice', parts }
}
