/** Reads `infra/prometheus/rules.yml`: each expression is on one line, so that a test can change it. @module */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const RULES_PATH = join(import.meta.dirname, '..', '..', 'infra', 'prometheus', 'rules.yml')

export interface Rule {
  readonly kind: 'alert' | 'record'
  readonly name: string
  readonly expr: string
  /** `0m` if it has none. */
  readonly for: string
  readonly severity: string
  /** Keys with their texts. */
  readonly annotations: Readonly<Record<string, string>>
}

export function readRules(text = readFileSync(RULES_PATH, 'utf8')): Rule[] {
  const found = text.split(/^ {6}- (?=alert: |record: )/m).slice(1)
  return found.map((block) => {
    const field = (name: string) => unquote(new RegExp(`^ *${name}: (.*)$`, 'm').exec(block)?.[1] ?? '')
    const kind = block.startsWith('alert: ') ? 'alert' : 'record'
    const expr = field('expr')
    if (expr === '') throw new Error(`no expression on one line in: ${block}`)
    return {
      kind,
      name: /^\w+: (\S+)$/m.exec(block)?.[1] ?? '',
      expr,
      for: field('for') || '0m',
      severity: /severity: (\w+)/.exec(block)?.[1] ?? '',
      annotations: {
        summary: field('summary'),
        description: field('description'),
        runbook_url: field('runbook_url'),
      },
    }
  })
}

function unquote(scalar: string): string {
  return scalar.startsWith("'") ? scalar.slice(1, -1).replaceAll("''", "'") : scalar
}

/** Wrong versions of one alert: a comparison reversed or shifted, a part that counts too much or too little, another `for`. */
export function mutantsOf({ expr, for: wait }: Rule): { readonly expr: string; readonly for: string }[] {
  const exprs = [
    ...replaceEach(expr, / (>|<|==) (?=-?[\d.])/g, ([, operator]) => [
      ` ${{ '>': '<', '<': '>', '==': '!=' }[operator as '>' | '<' | '==']} `,
      // For an exact comparison with a number only the boundary matters.
      ...(operator === '>' ? [' >= '] : []),
    ]).filter((mutant) => !/>= (?!0(?![\d.]))/.test(mutant)),
    ...replaceEach(expr, /(?<= (?:>|<|==) )[\d.]+/g, ([value]) =>
      Number(value) === 0 ? ['1000000000'] : [String(Number(value) * 10)],
    ),
    ...shiftAll(expr),
    ...replaceEach(expr, / and (?=on|[a-z])/g, () => [' or ']),
    ...replaceEach(expr, / unless (?=on)/g, () => [' and ']),
  ]
  const minutes = minutesOf(wait)
  const waits = minutes === 0 ? ['3m'] : ['0m', `${minutes * 2 + 1}m`]
  const isConstant = expr.startsWith('vector(')
  return [
    ...exprs.filter((each) => each !== expr).map((each) => ({ expr: each, for: wait })),
    ...(isConstant ? [] : waits.map((each) => ({ expr, for: each }))),
  ]
}

/** Every threshold nearer, by a factor of 1.25 and by much: a `>` lower, a `<` higher. */
function shiftAll(expr: string): string[] {
  return [1.25, 1_000].flatMap((factor) => {
    const shifted = expr.replaceAll(/(?<= (>|<) )[\d.]+/g, (value, operator: string) =>
      String(operator === '>' ? Number(value) / factor : Number(value) * factor),
    )
    return shifted === expr ? [] : [shifted]
  })
}

function replaceEach(
  text: string,
  pattern: RegExp,
  by: (match: RegExpExecArray) => readonly string[],
): string[] {
  return [...text.matchAll(pattern)].flatMap((match) =>
    by(match).map((each) => text.slice(0, match.index) + each + text.slice(match.index + match[0].length)),
  )
}

export function minutesOf(duration: string): number {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(duration) ?? []
  if (!count) throw new Error(`not in minutes, hours or days: ${duration}`)
  return Number(count) * { m: 1, h: 60, d: 1_440 }[unit as 'm' | 'h' | 'd']
}
