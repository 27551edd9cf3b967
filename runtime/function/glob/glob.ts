/**
 * Globs as picomatch reads them, in time that is linear in the key: its regular expressions are right, but V8 backtracks, and
 * an uploader chooses the key. Case-insensitive; dots are ordinary, and so is a line break. Pure.
 * @module
 */
import picomatch from 'picomatch'
import { type Expression, parseExpression } from './expression.ts'

export type KeyTest = (key: string) => boolean

/** The expression that picomatch returns for a glob it cannot translate. */
const NOTHING = '$^'
/** The part of a glob that is quoted in a message. */
const SHOWN = 200

/** @throws {Error} when the text is not a valid glob; the message quotes it */
export function compileGlob(glob: string): KeyTest {
  try {
    const { source } = picomatch.makeRe(glob, { nocase: true, dot: true })
    if (source === NOTHING) throw new Error('a range or bracket in it is wrong')
    const { matches } = createAutomaton(parseExpression(source))
    // As in picomatch, a key that equals the glob matches.
    return (key) => key !== '' && (key === glob || matches(key))
  } catch (error) {
    throw new Error(`${JSON.stringify(glob.slice(0, SHOWN))} is not a glob: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** Whether one of the globs matches. */
export function compileGlobs(globs: readonly string[]): KeyTest {
  const tests = globs.map(compileGlob)
  return (key) => tests.some((test) => test(key))
}

export interface Automaton {
  /** The most steps that one character of a text costs. */
  readonly stateCount: number
  readonly matches: (text: string) => boolean
}

type State =
  | { readonly kind: 'accept' }
  | { readonly kind: 'found' }
  | { readonly kind: 'unit'; readonly unit: number; readonly next: number }
  | { readonly kind: 'fork'; next: readonly number[] }
  | { readonly kind: 'start' | 'end'; readonly next: number }
  | { readonly kind: 'look'; readonly of: number; readonly isNegative: boolean; readonly next: number }

const STATES_MAX = 20_000
const CACHED_UNITS = 256

/**
 * Answers whether a text matches in at most `states × (length + 1)` steps, whatever the text: a backtracking engine, such as that of
 * V8, needs seconds for `*_*_*_*.mp4` and one long key.
 *
 * @throws {Error} when the expression is too large, or repeats a part that may match nothing
 */
export function createAutomaton(expression: Expression): Automaton {
  const states: State[] = []
  const units: string[] = []
  const add = (state: State): number => {
    if (states.length >= STATES_MAX) throw new Error('it is too large')
    return states.push(state) - 1
  }
  const unitOf = (source: string) => {
    const known = units.indexOf(source)
    return known >= 0 ? known : units.push(source) - 1
  }

  /** The state that starts with `part` and continues with `next`. */
  function build(part: Expression, next: number): number {
    switch (part.kind) {
      case 'unit':
        return add({ kind: 'unit', unit: unitOf(part.source), next })
      case 'sequence':
        return part.parts.reduceRight((following, each) => build(each, following), next)
      case 'choice':
        return add({ kind: 'fork', next: part.parts.map((each) => build(each, next)) })
      case 'star': {
        const fork: State = { kind: 'fork', next: [] }
        const at = add(fork)
        fork.next = [build(part.part, at), next]
        return at
      }
      case 'look':
        return add({
          kind: 'look',
          of: build(part.part, add({ kind: 'found' })),
          isNegative: part.isNegative,
          next,
        })
      case 'start':
      case 'end':
        return add({ kind: part.kind, next })
    }
  }

  const first = build(expression, add({ kind: 'accept' }))
  const unitsOf = unitTests(units)
  // Most states are characters that match at few places: they are reached from the true states behind them.
  const order = orderOf(states).filter((id) => states[id]?.kind !== 'unit')
  const before: { readonly id: number; readonly unit: number }[][] = states.map(() => [])
  for (const [id, state] of states.entries())
    if (state.kind === 'unit') before[state.next]?.push({ id, unit: state.unit })

  // Of all texts: one is matched at a time, and a router matches each key with many globs.
  let [here, behind] = [new Uint8Array(states.length), new Uint8Array(states.length)]
  let [found, live]: [number[], number[]] = [[], []]

  /** Whether the rest of the text matches from each state, for each place from its end to its beginning. */
  function matches(text: string): boolean {
    for (let at = text.length; at >= 0; at--) {
      const isEnd = at === text.length
      if (!isEnd) {
        const isUnit = unitsOf(text.charCodeAt(at))
        for (const next of live)
          for (const { id, unit } of before[next] as (typeof before)[number])
            if (isUnit[unit] === 1) found.push(id)
        for (const id of found) here[id] = 1
      }
      for (const id of order) {
        if (!isTrue(states[id] as State, here, at === 0, isEnd)) continue
        here[id] = 1
        found.push(id)
      }
      for (const id of live) behind[id] = 0
      live.length = 0
      ;[here, behind, found, live] = [behind, here, live, found]
    }
    const isMatch = behind[first] === 1
    for (const id of live) behind[id] = 0
    live.length = 0
    return isMatch
  }

  return { stateCount: states.length, matches }
}

/** Whether a state other than a character is true, judged by those before it in the order. */
function isTrue(state: State, here: Uint8Array, isStart: boolean, isEnd: boolean): boolean {
  switch (state.kind) {
    case 'accept':
      return isEnd
    case 'found':
      return true
    case 'fork':
      for (const next of state.next) if (here[next] === 1) return true
      return false
    case 'start':
      return isStart && here[state.next] === 1
    case 'end':
      return isEnd && here[state.next] === 1
    case 'look':
      return (here[state.of] === 1) !== state.isNegative && here[state.next] === 1
    case 'unit':
      return false
  }
}

/** The states, each after those that it depends on at the same place of the text. */
function orderOf(states: readonly State[]): readonly number[] {
  const order: number[] = []
  const seen = new Map<number, 'open' | 'done'>()
  const visit = (id: number): void => {
    if (seen.get(id) === 'done') return
    if (seen.get(id) === 'open') throw new Error('it repeats a part that may be empty')
    seen.set(id, 'open')
    for (const asked of askedBy(states[id] as State)) visit(asked)
    seen.set(id, 'done')
    order.push(id)
  }
  for (const id of states.keys()) visit(id)
  return order
}

function askedBy(state: State): readonly number[] {
  switch (state.kind) {
    case 'fork':
      return state.next
    case 'look':
      return [state.of, state.next]
    case 'start':
    case 'end':
      return [state.next]
    case 'accept':
    case 'found':
    case 'unit':
      return []
  }
}

/** Which of `sources` a UTF-16 code unit matches; decided by V8, since case-insensitivity has rules of its own. */
function unitTests(sources: readonly string[]): (code: number) => Uint8Array {
  const tests = sources.map((source) => new RegExp(`^(?:${source})$`, 'is'))
  const test = (code: number) =>
    Uint8Array.from(tests, (each) => (each.test(String.fromCharCode(code)) ? 1 : 0))
  const known: Uint8Array[] = []
  return (code) => (code < CACHED_UNITS ? (known[code] ??= test(code)) : test(code))
}
