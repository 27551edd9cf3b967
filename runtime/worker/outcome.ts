/**
 * How an attempt ended, as a value; the only file that knows what a handler's HTTP status means. Pure.
 * @module
 */
import { messageOf, PermanentError, RetryLaterError } from '../errors.ts'
import { SourceGoneError, SupersededError } from './source.ts'

/** Why the runtime ended an attempt: the reason of its AbortSignal. */
export class AttemptAborted extends Error {
  override readonly name = 'AttemptAborted'
  readonly why: 'timeout' | 'stalled' | 'cancelled' | 'lost' | 'released'

  constructor(why: AttemptAborted['why'], message: string) {
    super(message)
    this.why = why
  }
}

export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: string }
  | {
      readonly kind: 'retry'
      readonly why: 'failed' | 'timeout' | 'stalled'
      readonly error: string
      readonly lines: readonly string[]
      /** Absent: as the function's retry policy says. */
      readonly delayMs?: number
    }
  | { readonly kind: 'permanent'; readonly error: string; readonly lines: readonly string[] }
  | { readonly kind: 'superseded' | 'source-gone' | 'cancelled'; readonly reason: string }
  /** Handed back, nothing counted: drain, or an outage of Redis. */
  | { readonly kind: 'released'; readonly reason: string }
  /** Another worker has the run: there is nothing to say. */
  | { readonly kind: 'lost'; readonly reason: string }

/** What anything thrown means. What is unknown counts as passing. */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof AttemptAborted) return outcomeOfAbort(error)
  const lines = lastLinesOf(error)
  if (error instanceof PermanentError) return { kind: 'permanent', error: error.message, lines }
  if (error instanceof RetryLaterError) {
    return { kind: 'retry', why: 'failed', error: error.message, lines, delayMs: error.delayMs }
  }
  if (error instanceof SourceGoneError) return { kind: 'source-gone', reason: error.message }
  if (error instanceof SupersededError) return { kind: 'superseded', reason: error.message }
  return { kind: 'retry', why: 'failed', error: messageOf(error), lines }
}

function outcomeOfAbort({ why, message }: AttemptAborted): Outcome {
  switch (why) {
    case 'timeout':
    case 'stalled':
      return { kind: 'retry', why, error: message, lines: [] }
    case 'cancelled':
    case 'released':
    case 'lost':
      return { kind: why, reason: message }
  }
}

/** Statuses of a try that may go better later; `404` too: what a handler looks for may not be there yet. */
const RETRYABLE = new Set([404, 408, 409, 425, 429])

/** What a handler's answer means: 2xx done, {@link RETRYABLE} and 5xx again, any other status permanent. */
export async function outcomeOfResponse(response: Response): Promise<Outcome> {
  const body = (await response.text()).slice(0, 4_096)
  if (response.ok) return { kind: 'succeeded', result: body }
  const error = `the handler answered ${response.status}${body ? `: ${body}` : ''}`
  if (!RETRYABLE.has(response.status) && response.status < 500) return { kind: 'permanent', error, lines: [] }
  const delayMs = retryAfterMs(response.headers.get('retry-after'))
  return { kind: 'retry', why: 'failed', error, lines: [], ...(delayMs === undefined ? {} : { delayMs }) }
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3); undefined when absent or neither. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number | undefined {
  if (header === null || header.trim() === '') return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000)
  const atMs = Date.parse(header)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}

/** The last lines of a tool's log, when an error on the way carries `lastLines`. */
function lastLinesOf(error: unknown): readonly string[] {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('lastLines' in at && Array.isArray(at.lastLines)) return at.lastLines.map(String)
  }
  return []
}
