/**
 * The way an attempt ended, as a value; the only file that knows the meaning of a handler's HTTP status. Pure.
 * @module
 */
import { PermanentError, RetryLaterError } from '../../errors.ts'
import { StorageError } from '../../storage/errors.ts'
import { SECOND_MS } from '../../time.ts'
import { AttemptAborted } from '../in-flight.ts'
import { SourceGoneError, SupersededError } from '../source/reader.ts'
import { reasonOf } from './reason.ts'

/** Kept of a result or an error's text, in Redis and in verdicts. */
const RESULT_CHARS = 4_096
/** Kept of a tool's last lines. */
const MOST_LINES = 100
const LINE_CHARS = 1_024
/** The pause before the next attempt at a run that the store could not serve. */
const STORE_PAUSE_MS = 5 * SECOND_MS

export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: string }
  | {
      readonly kind: 'retry'
      readonly why: 'failed' | 'timeout' | 'stalled'
      readonly error: string
      readonly lines: readonly string[]
      /** Absent: by the function's retry policy. */
      readonly delayMs?: number
    }
  | { readonly kind: 'permanent'; readonly error: string; readonly lines: readonly string[] }
  | { readonly kind: 'superseded' | 'source-gone' | 'cancelled'; readonly reason: string }
  /** Handed back, nothing counted: drain, or an outage of Redis or the store. */
  | { readonly kind: 'released'; readonly reason: string; readonly delayMs?: number }
  /** Handed back as well, and next run alone in a worker: it may have blocked this one. */
  | { readonly kind: 'isolated'; readonly reason: string }
  /** Another worker has the run: nothing is recorded. */
  | { readonly kind: 'lost'; readonly reason: string }

/** The outcome of any thrown value. Unknown errors count as transient. */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof AttemptAborted) return outcomeOfAbort(error)
  if (error instanceof PermanentError) return { kind: 'permanent', ...reasonOf(error) }
  if (error instanceof RetryLaterError) {
    return { kind: 'retry', why: 'failed', ...reasonOf(error), delayMs: error.delayMs }
  }
  if (error instanceof SourceGoneError) return { kind: 'source-gone', reason: error.message }
  if (error instanceof SupersededError) return { kind: 'superseded', reason: error.message }
  const refused = storageErrorBehind(error, ({ isImpossibleName }) => isImpossibleName)
  if (refused) return { kind: 'permanent', ...reasonOf(refused) }
  // The store or its setup is to blame, not the object: no attempt is spent on it.
  const failure = storageErrorBehind(error, ({ isPassing, isSetUp }) => isPassing || isSetUp)
  if (failure) {
    return { kind: 'released', reason: `${inWords(failure)}: ${failure.message}`, delayMs: STORE_PAUSE_MS }
  }
  return { kind: 'retry', why: 'failed', ...reasonOf(error) }
}

function outcomeOfAbort({ why, message }: AttemptAborted): Outcome {
  switch (why) {
    case 'blocked':
      return { kind: 'retry', why: 'failed', error: message, lines: [] }
    case 'timeout':
    case 'stalled':
      return { kind: 'retry', why, error: message, lines: [] }
    case 'cancelled':
    case 'released':
    case 'isolated':
    case 'lost':
      return { kind: why, reason: message }
  }
}

/** Shortens texts of handlers and tools, which may be of any length. */
export function capped(outcome: Outcome): Outcome {
  if ('result' in outcome) return outcome
  if ('reason' in outcome) return { ...outcome, reason: beginning(outcome.reason, RESULT_CHARS) }
  const lines = outcome.lines.slice(-MOST_LINES).map((line) => beginning(line, LINE_CHARS))
  return { ...outcome, error: beginning(outcome.error, RESULT_CHARS), lines }
}

function beginning(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text
}

/** Statuses of an attempt that may succeed later; `404` too: the thing a handler looks for may not exist yet. */
const RETRYABLE = new Set([404, 408, 409, 425, 429])

/** The outcome of a handler's answer: 2xx done, {@link RETRYABLE} and 5xx retried, any other status permanent. */
export async function outcomeOfResponse(response: Response): Promise<Outcome> {
  const body = await beginningOf(response)
  if (response.ok) return { kind: 'succeeded', result: body }
  const error = `the handler answered ${response.status}${body ? `: ${body}` : ''}`
  if (!RETRYABLE.has(response.status) && response.status < 500) return { kind: 'permanent', error, lines: [] }
  const delayMs = retryAfterMs(response.headers.get('retry-after'))
  return { kind: 'retry', why: 'failed', error, lines: [], ...(delayMs === undefined ? {} : { delayMs }) }
}

/** The part of the answer that is kept; a handler may stream for ever, so the rest is not awaited. */
async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    if (text.length >= RESULT_CHARS) break
  }
  return text.slice(0, RESULT_CHARS)
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3); undefined when absent or neither. */
export function retryAfterMs(header: string | null, nowMs = Date.now()): number | undefined {
  if (header === null || header.trim() === '') return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000)
  const atMs = Date.parse(header)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}

/** The storage error that caused another, if `isMeant` accepts it. */
function storageErrorBehind(
  error: unknown,
  isMeant: (error: StorageError) => boolean,
): StorageError | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof StorageError && isMeant(at)) return at
  }
  return undefined
}

function inWords({ isSetUp, isFull }: StorageError): string {
  if (isSetUp) return 'the store refuses this worker'
  return isFull ? 'the store is full' : 'the store is away'
}
