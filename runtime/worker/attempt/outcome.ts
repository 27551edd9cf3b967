/**
 * The way an attempt ended, as a value, and the reason of a failure: one sentence for `why`, and the tool's last lines for `show`. The
 * only file that knows the meaning of a handler's HTTP status. Pure.
 * @module
 */
import { basename } from 'node:path'
import { messageOf, PermanentError, RetryLaterError } from '../../errors.ts'
import { StorageError } from '../../storage/errors.ts'
import { SECOND_MS } from '../../time.ts'
import { AttemptAborted } from '../in-flight.ts'
import { SourceGoneError, SupersededError } from '../source/reader.ts'
import { TextAnswer } from './answer.ts'

/** Kept of a result or an error's text, in Redis and in verdicts. */
const RESULT_CHARS = 4_096
/** Kept of a tool's last lines. */
const MOST_LINES = 100
const LINE_CHARS = 1_024
/** The pause before the next attempt at a run that the store could not serve. */
const STORE_PAUSE_MS = 5 * SECOND_MS

export type Outcome =
  | {
      readonly kind: 'succeeded'
      readonly result: string
      /** Set when no verdict was looked for, since none was known at the place. */
      readonly unlooked?: Unlooked | undefined
    }
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

export interface Unlooked {
  /** For the settlement, which asks once more (`queue/verdict-places.ts`). */
  readonly asked: string
  /** Looks after all, for a result that no settlement stands for. Never throws. */
  readonly look: () => Promise<void>
}

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
export function outcomeOfResponse(response: Response): Outcome | Promise<Outcome> {
  if (response instanceof TextAnswer)
    return { kind: 'succeeded', result: response.answered.slice(0, RESULT_CHARS) }
  return beginningOf(response).then((body) => outcomeOfBody(response, body))
}

function outcomeOfBody(response: Response, body: string): Outcome {
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

export interface Reason {
  readonly error: string
  /** The last lines of a tool, oldest first. */
  readonly lines: readonly string[]
}

const MAX_LINES = 20
const MAX_LINE_CHARACTERS = 500

/** The error of Node's `exec` and `execFile`, and of similar libraries. */
interface ToolFailure extends Error {
  readonly cmd?: unknown
  readonly code?: unknown
  readonly signal?: unknown
  readonly stderr: string
}

/** Splits a message of several lines: the first line is the reason, the others are the tool's lines. */
export function reasonOf(error: unknown): Reason {
  const known = lastLinesOf(error)
  if (known) return { error: messageOf(error), lines: known }
  if (isToolFailure(error)) return reasonOfTool(error)
  const [first = '', ...rest] = linesOf(messageOf(error))
  return { error: first || nameOf(error), lines: rest.slice(-MAX_LINES) }
}

/** The last lines of a tool's log, when an error in the chain of causes carries `lastLines`, as those of our FFmpeg do. */
function lastLinesOf(error: unknown): readonly string[] | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('lastLines' in at && Array.isArray(at.lastLines)) return at.lastLines.map(String)
  }
  return undefined
}

function isToolFailure(error: unknown): error is ToolFailure {
  return error instanceof Error && 'stderr' in error && typeof error.stderr === 'string'
}

function reasonOfTool(error: ToolFailure): Reason {
  const { code, signal, stderr } = error
  const tool = toolOf(error)
  if (code === 'ENOENT') return { error: `${tool} could not be started: there is no such program`, lines: [] }
  const lines = linesOf(stderr).slice(-MAX_LINES)
  const said = lines.at(-1)
  const how =
    typeof signal === 'string'
      ? `${tool} was ended by ${signal}`
      : typeof code === 'number'
        ? `${tool} ended with exit code ${code}`
        : `${tool} failed${typeof code === 'string' ? ` (${code})` : ''}`
  return { error: said === undefined ? how : `${how}: ${said}`, lines }
}

/** Only the program's name: its arguments may contain paths, keys and secrets. */
function toolOf(error: Error): string {
  const given = 'path' in error ? error.path : 'cmd' in error ? error.cmd : undefined
  const word = typeof given === 'string' ? (given.split(' ')[0] ?? '') : ''
  return basename(word) || 'the tool'
}

function linesOf(text: string): string[] {
  return (
    text
      .split(/[\r\n]+/)
      // A tool quotes its input: an escape sequence must not reach a terminal, and the source's URL differs each time.
      .map((line) => line.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trimEnd())
      .map((line) => line.replaceAll(/http:\/\/127\.0\.0\.1:\d+\/\w+/g, 'source'))
      .filter((line) => line !== '')
      .map((line) => abridged(line))
  )
}

/** Ends behind a word, and shows that there was more. */
function abridged(line: string): string {
  if (line.length <= MAX_LINE_CHARACTERS) return line
  const cut = line.slice(0, MAX_LINE_CHARACTERS)
  const space = cut.lastIndexOf(' ')
  return `${space > MAX_LINE_CHARACTERS / 2 ? cut.slice(0, space) : cut} …`
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error'
}
