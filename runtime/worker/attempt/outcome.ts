/**
 * How an attempt ended, as a value; the only file that knows what a handler's HTTP status means. Pure.
 * @module
 */
import { PermanentError, RetryLaterError } from '../../errors.ts'
import { StorageError } from '../../storage/errors.ts'
import { SECOND_MS } from '../../time.ts'
import { knownTextOf } from './exchange.ts'
import { SourceGoneError, SupersededError } from '../source/reader.ts'
import { reasonOf } from './reason.ts'

/** Why the runtime ended an attempt: the reason of its AbortSignal. */
export class AttemptAborted extends Error {
  override readonly name = 'AttemptAborted'
  readonly why: 'timeout' | 'stalled' | 'blocked' | 'cancelled' | 'lost' | 'released' | 'isolated'

  constructor(why: AttemptAborted['why'], message: string) {
    super(message)
    this.why = why
  }
}

/** Of a result, and of an error's text: more of it is in nobody's interest, and all of it is kept in Redis and in verdicts. */
const RESULT_CHARS = 4_096
/** Of a tool's last lines. */
const MOST_LINES = 100
const LINE_CHARS = 1_024
/** After which a run is looked at again that the store could not serve. */
const STORE_PAUSE_MS = 5 * SECOND_MS

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
  /** Handed back, nothing counted: drain, or an outage of Redis or the store. */
  | { readonly kind: 'released'; readonly reason: string; readonly delayMs?: number }
  /** The same, and it gets a worker of its own next: it may have blocked this one. */
  | { readonly kind: 'isolated'; readonly reason: string }
  /** Another worker has the run: there is nothing to say. */
  | { readonly kind: 'lost'; readonly reason: string }

/** What anything thrown means. What is unknown counts as passing. */
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
  const fault = storageErrorBehind(error, ({ isPassing, isSetUp }) => isPassing || isSetUp)
  if (fault) {
    return { kind: 'released', reason: `${inWords(fault)}: ${fault.message}`, delayMs: STORE_PAUSE_MS }
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

/** What handlers and tools say may be of any length. */
export function capped(outcome: Outcome): Outcome {
  if ('result' in outcome) return outcome
  if ('reason' in outcome) return { ...outcome, reason: beginning(outcome.reason, RESULT_CHARS) }
  const lines = outcome.lines.slice(-MOST_LINES).map((line) => beginning(line, LINE_CHARS))
  return { ...outcome, error: beginning(outcome.error, RESULT_CHARS), lines }
}

function beginning(text: string, chars: number): string {
  return text.length > chars ? `${text.slice(0, chars)}…` : text
}

/** Statuses of a try that may go better later; `404` too: what a handler looks for may not be there yet. */
const RETRYABLE = new Set([404, 408, 409, 425, 429])

/** What a handler's answer means: 2xx done, {@link RETRYABLE} and 5xx again, any other status permanent. */
export async function outcomeOfResponse(response: Response): Promise<Outcome> {
  const body = await beginningOf(response)
  if (response.ok) return { kind: 'succeeded', result: body }
  const error = `the handler answered ${response.status}${body ? `: ${body}` : ''}`
  if (!RETRYABLE.has(response.status) && response.status < 500) return { kind: 'permanent', error, lines: [] }
  const delayMs = retryAfterMs(response.headers.get('retry-after'))
  return { kind: 'retry', why: 'failed', error, lines: [], ...(delayMs === undefined ? {} : { delayMs }) }
}

/** As much of the answer as is kept; a handler may stream for ever, so the rest is not waited for. */
async function beginningOf(response: Response): Promise<string> {
  const known = knownTextOf(response)
  if (known !== undefined) return known.slice(0, RESULT_CHARS)
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

/**
 * The store's error behind another: a fault of the store or of the set-up, and not the object's, on which no attempt is spent; or
 * a name which it will never take.
 */
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
