/**
 * The errors that mean something to the runtime. Anything else that is thrown counts as passing: it is retried.
 * @module
 */
import type { z } from 'zod'

/** Another attempt cannot help: the run becomes a dead letter at once, with this message as its reason. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError'
}

/** Not now, but later: the attempt counts, and the next one starts after `delayMs`. */
export class RetryLaterError extends Error {
  override readonly name = 'RetryLaterError'
  readonly delayMs: number

  constructor(delayMs: number, message = `asked to be tried again in ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options)
    this.delayMs = delayMs
  }
}

/** The settings, the functions or the command line are wrong; every issue is listed. The process ends with exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly issues: readonly string[]

  constructor(issues: readonly string[]) {
    super(issues.join('\n'))
    this.issues = issues
  }
}

/** A server does not answer. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error && error.name === 'ZodError') return schemaMessage(error as z.ZodError)
    return String(error instanceof Error ? error.message : error)
  } catch {
    // An object without a prototype, or one whose words throw themselves.
    return 'something was thrown that cannot be put into words'
  }
}

/** A schema's own message is its issues as JSON, for programs. */
function schemaMessage({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(' ')).join('; ')
}
