/** What a check found, and the lines that repair it. @module */
import { messageOf } from '../../errors.ts'

export interface Finding {
  /** What was looked at, in a few words. */
  readonly check: string
  /** `skipped`: not looked at, and `found` says why. That is never `ok`. */
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped'
  readonly found: string
  /** To be copied. */
  readonly repair?: readonly string[]
}

/** The checks of one part, one after the other, as they are made. */
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

/** The findings of `work`; what it throws is one too, so that one broken part hides no other. */
export async function* guarded(check: string, work: () => Findings): Findings {
  try {
    yield* work()
  } catch (error) {
    yield fail(check, `the check itself failed: ${messageOf(error)}`)
  }
}
