/** The finding of a check, and the lines that repair it. @module */
import { messageOf } from '../../errors.ts'

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
