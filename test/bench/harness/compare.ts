/** Sides of a comparison in turn, in one run: their medians, the ratio of these, and how far single rounds lie apart. @module */
import { median, round as rounded, say } from '../statistics.ts'

/** What one side did in one round. */
export interface Pass {
  readonly value: number
  /** Printed beside it by name, such as the CPU time of each process. */
  readonly parts?: Readonly<Record<string, number>>
}

/** `before` is the same as `ours` in an older commit. */
export type SideName = 'before' | 'ours' | 'peer'
export type Sides = Readonly<Partial<Record<SideName, (round: number) => Promise<Pass>>>>

export interface Range {
  readonly lowest: number
  readonly highest: number
}

export interface Measurement {
  readonly name: string
  readonly unit: string
  /** Medians, or a peak where the name says so. */
  readonly ours: number
  /** Compared with this: another program's result, or a limit. */
  readonly peer: number
  /** Ours divided by the peer's. */
  readonly ratio: number
  /** That ratio in single rounds. */
  readonly spread?: Range
  readonly rounds?: number
  /** Ours divided by the same of the commit of `--against`, in the same run. */
  readonly before?: { readonly value: number; readonly ratio: number; readonly spread: Range }
  /** What else was measured, a sentence each. */
  readonly notes?: readonly string[]
}

export interface Comparison {
  readonly name: string
  readonly unit: string
  readonly rounds: number
  /** Rounds before them that do not count. @defaultValue 1 */
  readonly warmUp?: number
  /** Of values, in what is printed. */
  readonly digits: number
  readonly sides: Sides
  /** What the parts are, such as `CPU ms an object`. */
  readonly parts?: string
}

/** Whoever comes second finds a busier machine or a quieter one: each round begins with another side. */
export async function compare(comparison: Comparison): Promise<Measurement> {
  const { sides, rounds, warmUp = 1, digits } = comparison
  const names = (['before', 'ours', 'peer'] as const).filter((name) => sides[name])
  const passes: Record<SideName, Pass[]> = { before: [], ours: [], peer: [] }
  for (let round = 0; round < warmUp + rounds; round++) {
    const first = round % names.length
    const now: Partial<Record<SideName, Pass>> = {}
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const measure = sides[name]
      if (measure) now[name] = await measure(round)
    }
    const told = names.map((name) => `${name} ${now[name]?.value.toFixed(digits)}`)
    say(
      `${round < warmUp ? 'warm-up' : `round ${round - warmUp + 1}`}: ${told.join(', ')} ${comparison.unit}`,
    )
    for (const name of names) {
      const pass = now[name]
      if (pass?.parts) say(`  ${name}, ${comparison.parts}: ${listed(pass.parts)}`)
      if (pass && round >= warmUp) passes[name].push(pass)
    }
  }
  return summaryOf(comparison, passes)
}

/** @param passes - of all sides, in the order of their rounds; a side that takes no part has none */
export function summaryOf(
  { name, unit, rounds, digits, parts }: Pick<Comparison, 'name' | 'unit' | 'rounds' | 'digits' | 'parts'>,
  passes: Readonly<Record<SideName, readonly Pass[]>>,
): Measurement {
  const valueOf = (side: SideName) => rounded(median(passes[side].map(({ value }) => value)), digits)
  const ratioTo = (side: SideName) => rounded(valueOf('ours') / valueOf(side), 3)
  const spreadTo = (side: SideName) =>
    rangeOf(passes.ours.map(({ value }, at) => value / (passes[side][at]?.value ?? NaN)))
  return {
    name,
    unit,
    ours: valueOf('ours'),
    peer: valueOf('peer'),
    ratio: ratioTo('peer'),
    spread: spreadTo('peer'),
    rounds,
    ...(passes.before.length > 0 && {
      before: { value: valueOf('before'), ratio: ratioTo('before'), spread: spreadTo('before') },
    }),
    ...(parts && { notes: notesOf(parts, passes) }),
  }
}

/** The medians of the parts of each side, and the ratio of those that both sides have. */
function notesOf(what: string, passes: Readonly<Record<SideName, readonly Pass[]>>): string[] {
  const medians = (side: SideName): Record<string, number> => {
    const names = Object.keys(passes[side][0]?.parts ?? {})
    return Object.fromEntries(
      names.map((name) => [name, median(passes[side].map(({ parts }) => parts?.[name] ?? 0))]),
    )
  }
  const [ours, peer] = [medians('ours'), medians('peer')]
  const shared = Object.entries(ours).filter(([name]) => (peer[name] ?? 0) > 0)
  const ratios = Object.fromEntries(shared.map(([name, value]) => [name, value / (peer[name] ?? NaN)]))
  // An older commit may tell none.
  const sides = (['before', 'ours', 'peer'] as const).filter((side) => passes[side][0]?.parts)
  const lines = sides.map((side) => `${side}: ${listed(medians(side))}`)
  if (shared.length > 0) lines.push(`ratios: ${listed(ratios)}`)
  return [`${what}: ${lines.join('; ')}`]
}

function rangeOf(values: readonly number[]): Range {
  return { lowest: rounded(Math.min(...values), 3), highest: rounded(Math.max(...values), 3) }
}

function listed(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name} ${value.toFixed(2)}`)
    .join(', ')
}

/** The sides of a comparison, from what stands for each. */
export function mapped<K extends string, A, B>(
  values: Readonly<Partial<Record<K, A>>>,
  make: (value: A) => B,
) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, make(value as A)]),
  ) as Partial<Record<K, B>>
}
