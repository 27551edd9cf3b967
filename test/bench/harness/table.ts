/** The table of results in `docs/benchmarks.md`: rows are replaced by the name of their benchmark. @module */
import type { Measurement, Range } from './compare.ts'
import type { Disturbance } from './machine.ts'

const BEGIN = '<!-- results: written by `npm run bench -- all` -->'
const END = '<!-- end of results -->'
const HEAD = ['name', 'ours', 'peer', 'ratio', 'rounds', 'to reach', 'measured', 'remarks']

/** Of the ratio. */
export type Aim = { readonly atLeast: number } | { readonly atMost: number }

export interface Result {
  readonly measurement: Measurement
  readonly aim: Aim
  readonly machine: Disturbance
  readonly at: Date
  readonly commit: string
}

/**
 * @param text - of the document
 * @param machine - what all rows share; it replaces what was said of an earlier machine
 * @throws {Error} when the document has no place for results
 */
export function withResults(text: string, results: readonly Result[], machine: string): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`the document has no lines ${BEGIN} and ${END}`)
  const rows = new Map<string, string>()
  for (const line of text.slice(from, to).split('\n')) {
    const [, name] = /^\| `([\w-]+)`/.exec(line) ?? []
    if (name) rows.set(name, line)
  }
  for (const result of results) rows.set(result.measurement.name, rowOf(result))
  const lines = [
    BEGIN,
    '',
    `Machine: ${machine}.`,
    '',
    lineOf(HEAD),
    lineOf(HEAD.map(() => '---')),
    ...rows.values(),
  ]
  return `${text.slice(0, from)}${lines.join('\n')}\n\n${text.slice(to)}`
}

export function isReached({ ratio }: Measurement, aim: Aim): boolean {
  return 'atLeast' in aim ? ratio >= aim.atLeast : ratio <= aim.atMost
}

export function rowOf({ measurement, aim, machine, at, commit }: Result): string {
  const { name, unit, ours, peer, ratio, spread, rounds, before, notes = [] } = measurement
  const wanted = 'atLeast' in aim ? `at least ${aim.atLeast}` : `at most ${aim.atMost}`
  const against =
    before && `to the commit before: ${before.ratio}${between(before.spread)}, ${before.value} ${unit}`
  return lineOf([
    `\`${name}\``,
    `${ours} ${unit}`,
    `${peer} ${unit}`,
    `${ratio}${between(spread)}`,
    String(rounds ?? 1),
    isReached(measurement, aim) ? wanted : `**${wanted}: missed**`,
    `${at.toISOString().slice(0, 16).replace('T', ' ')}, ${commit}, load ${machine.load.toFixed(1)}, steal ${machine.stealPercent.toFixed(1)} %`,
    [...(against ? [against] : []), ...notes].join('; ').replaceAll('|', '\\|') || '–',
  ])
}

function between(spread: Range | undefined): string {
  return spread ? ` (${spread.lowest} to ${spread.highest})` : ''
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
