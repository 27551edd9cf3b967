/** The finding of a check, the lines that repair it, and the output: group by group as checks end, or one JSON document. @module */
import { messageOf } from '../../errors.ts'
import { printable } from '../../printable.ts'
import { wrapped } from '../terminal/printable.ts'
import { writeJson } from '../terminal/table.ts'
import { type Terminal, toned, toneOf } from '../terminal/terminal.ts'

export interface Finding {
  /** The subject of the check, in a few words. */
  readonly check: string
  /** `skipped`: not checked, with the reason in `found`. That is never `ok`. */
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped'
  readonly found: string
  /** Lines to copy. */
  readonly repair?: readonly string[]
}

/** The findings of one group, one after the other. */
export type Findings = AsyncGenerator<Finding, void>

export function ok(check: string, found: string): Finding {
  return { check, status: 'ok', found }
}

export function warn(check: string, found: string, ...repair: readonly string[]): Finding {
  return { check, status: 'warn', found, ...(repair.length > 0 && { repair }) }
}

export function fail(check: string, found: string, ...repair: readonly string[]): Finding {
  return { check, status: 'fail', found, ...(repair.length > 0 && { repair }) }
}

export function skipped(check: string, found: string): Finding {
  return { check, status: 'skipped', found: `not checked: ${found}` }
}

/** The findings of `work`; an error that it throws is one too, so that a broken group hides no other. */
export async function* guarded(check: string, work: () => Findings): Findings {
  try {
    yield* work()
  } catch (error) {
    yield fail(check, `the check itself failed: ${messageOf(error)}`)
  }
}

export interface Report {
  add(group: string, finding: Finding): void
  /** The number of checks that failed. */
  end(): number
}

const MARKS: Readonly<Record<Finding['status'], string>> = {
  ok: 'ok   ',
  warn: 'warn ',
  fail: 'FAIL ',
  skipped: '–    ',
}

export function createReport(out: Terminal, { json }: { readonly json?: boolean }): Report {
  const found: (Finding & { readonly group: string })[] = []
  let group = ''
  return {
    add(name, finding) {
      found.push({ group: name, ...finding })
      if (json) return
      if (!out.isTerminal) return writeTabbed(out, name, finding)
      if (name !== group) out.write(`${group === '' ? '' : '\n'}${name}\n`)
      group = name
      writeFinding(out, finding)
    },
    end() {
      const count = (status: Finding['status']) => found.filter((finding) => finding.status === status).length
      const summary = { ok: count('ok'), warn: count('warn'), fail: count('fail'), skipped: count('skipped') }
      if (json) writeJson(out, { isHealthy: summary.fail === 0, summary, findings: found })
      else if (out.isTerminal) {
        const parts = [
          `${summary.ok} ok`,
          `${summary.warn} warnings`,
          `${summary.fail} failed`,
          `${summary.skipped} not checked`,
        ]
        out.write(`\n${parts.join(', ')}\n`)
      }
      return summary.fail
    },
  }
}

function writeTabbed(out: Terminal, group: string, { status, check, found, repair = [] }: Finding): void {
  out.write(`${[status, group, check, found, repair.join(' ; ')].map(printable).join('\t')}\n`)
}

const INDENT = '       '

function writeFinding(out: Terminal, { status, check, found, repair = [] }: Finding): void {
  const text = wrapped(`${printable(check)}: ${printable(found)}`, out.columns, INDENT)
  out.write(`  ${toned(MARKS[status], toneOf(status), out)}${text}\n`)
  for (const line of repair) out.write(`${INDENT}${toned(`$ ${printable(line)}`, 'quiet', out)}\n`)
}
