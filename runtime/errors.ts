/**
 * The errors with a meaning to the runtime. Any other error counts as transient: the run is retried.
 * @module
 */
import type { z } from 'zod'

/** Another attempt cannot help: the run becomes a dead letter at once, with this message as the reason. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError'
}

/** The run may succeed later: the attempt counts, and the next one starts after `delayMs`. */
export class RetryLaterError extends Error {
  override readonly name = 'RetryLaterError'
  readonly delayMs: number

  constructor(delayMs: number, message = `asked for a retry in ${delayMs} ms`, options?: ErrorOptions) {
    super(message, options)
    this.delayMs = delayMs
  }
}

/** Invalid settings, functions or command line, with every issue listed. The process ends with exit code 2. */
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

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error && error.name === 'ZodError') return schemaMessage(error as z.ZodError)
    return String(error instanceof Error ? error.message : error)
  } catch {
    // An object without a prototype, or one whose message getter throws.
    return 'an error was thrown that cannot be shown as text'
  }
}

/** The issues in words: a schema's own message is JSON, for programs. */
function schemaMessage({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(' ')).join('; ')
}
