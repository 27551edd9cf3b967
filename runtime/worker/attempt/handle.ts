/** Calls a handler and returns how the call ended: the only file that calls one. @module */
import type { Context } from 'hono'
import type { HTTPException } from 'hono/http-exception'
import { PermanentError, RetryLaterError } from '../../errors.ts'
import type { FunctionEnv, FunctionVariables } from '../../function/definition.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { InFlightAttempt } from '../in-flight.ts'
import type { AttemptSource } from '../source/object.ts'
import { createSource } from '../source/source.ts'
import { TextAnswer } from './answer.ts'
import { AttemptContext } from './context.ts'
import { Late } from './late.ts'
import { outcomeOfError, outcomeOfResponse, type Outcome } from './outcome.ts'
import type { Handling, PerformParts } from './parts.ts'
import { AttemptVariables } from './variables.ts'

/** Holds back tools that make files faster than they are sent, so that about this many are on disk at most. */
const MAX_WAITING_FILES = 4
/** The time a handler gets to notice that its signal was aborted. */
const NOTICE_MS = 10_000
/** A stack starts with the message, which may be of any length. */
const STACK_CHARS = 8_192

export interface Invocation {
  readonly attempt: Pick<InFlightAttempt, 'definition' | 'claim' | 'aborted' | 'signal'>
  readonly variables: FunctionVariables<unknown>
  /** Called with the end of a handler that was abandoned. */
  readonly onLeftBehind: (ended: Promise<unknown>) => void
}

/**
 * Calls the handler with a source that ends with the call. The reason why the source could not be read outranks the handler's
 * own outcome: a tool only sees its input end early, and some (FFmpeg of 2018) take that for the real end and succeed.
 */
export async function handle(
  parts: Pick<PerformParts, 'storage' | 'proxy' | 'strays' | 'downloadBelowBytes'>,
  handling: Handling,
): Promise<Outcome> {
  const { attempt } = handling
  const source = new Late<AttemptSource>(
    () => sourceOf(parts, handling),
    (made) => made.close(),
  )
  try {
    const outcome = await invoke({
      attempt,
      variables: new AttemptVariables(handling, source),
      onLeftBehind: (ended) => parts.strays.add(attempt.definition.name, ended),
    })
    const failure = outcome.kind === 'succeeded' ? source.made?.unseenFailure : source.made?.failure
    return failure ? outcomeOfError(failure) : outcome
  } finally {
    void source.end()
  }
}

function sourceOf(
  { storage, proxy, downloadBelowBytes }: Parameters<typeof handle>[0],
  { attempt, event, content, scratch, log, output }: Handling,
): AttemptSource {
  return createSource({
    storage,
    proxy,
    downloadBelowBytes,
    object: event,
    content,
    scratch,
    signal: attempt.signal,
    onBytes: attempt.active,
    log,
    room: (signal) => output.get().waitingAtMost(MAX_WAITING_FILES, signal),
  })
}

/**
 * One call of a handler: context in, outcome out. An aborted attempt ends with the reason of the abort, whatever the handler
 * returns after it; a handler that ignores the abort is abandoned: its output is closed and its scratch folder removed.
 */
export async function invoke({ attempt, variables, onLeftBehind }: Invocation): Promise<Outcome> {
  const answer = outcomeOfCall(attempt, variables)
  const outcome = answer instanceof Promise ? await unlessAbandoned(answer, attempt.signal) : answer
  if (!outcome) onLeftBehind(answer as Promise<Outcome>)
  if (outcome && !attempt.aborted) return outcome
  const aborted = outcomeOfError(attempt.aborted)
  if (outcome || aborted.kind !== 'retry') return aborted
  return { ...aborted, error: `${aborted.error}, and the handler did not stop` }
}

/** The body of the answer counts as part of the call: a handler may stream it for ever. A promise when there is something to wait for. */
function outcomeOfCall(
  attempt: Invocation['attempt'],
  variables: Invocation['variables'],
): Outcome | Promise<Outcome> {
  const { claim, definition } = attempt
  const { name, handler } = definition
  const about = { functionName: name, runId: claim.runId, eventTimeMs: claim.payload.eventTimeMs }
  const context = new AttemptContext(variables, about) as unknown as Context<FunctionEnv>
  const ofAnswer = (response: unknown) =>
    outcomeOfResponse(
      (response as Response | undefined) ??
        context.json({ error: `function ${name} returned no Response` }, 500),
    )
  const ofError = (error: unknown) => {
    // Hono's HTTPException: its status counts as if the handler had answered with it.
    if (isHttpException(error)) return outcomeOfResponse(error.getResponse())
    if (!attempt.aborted) logStack(variables.log, error)
    return outcomeOfError(error)
  }
  let answer: unknown
  try {
    answer = handler(context, nothingNext)
  } catch (error) {
    return ofError(error)
  }
  if (answer instanceof TextAnswer) return ofAnswer(answer)
  return Promise.resolve(answer).then(ofAnswer, ofError).catch(outcomeOfError)
}

/** By its method: a function may bring another copy of Hono. */
function isHttpException(error: unknown): error is HTTPException {
  return error instanceof Error && 'getResponse' in error
}

/** A handler is the last one. */
const nothingNext = () => Promise.resolve()

/** Shows the function's author the line; an error thrown on purpose needs none. */
function logStack(log: Logger, thrown: unknown): void {
  const isMeant = thrown instanceof PermanentError || thrown instanceof RetryLaterError
  if (thrown instanceof Error && !isMeant)
    log.warn({ stack: String(thrown.stack).slice(0, STACK_CHARS) }, 'the handler threw')
}

/** Undefined when the answer has not come {@link NOTICE_MS} after the abort. */
async function unlessAbandoned(answer: Promise<Outcome>, signal: AbortSignal): Promise<Outcome | undefined> {
  let timer: NodeJS.Timeout | undefined
  let give = () => {}
  const abandoned = new Promise<undefined>((resolve) => {
    give = () => {
      timer = setTimeout(() => resolve(undefined), NOTICE_MS)
    }
  })
  if (signal.aborted) give()
  else signal.addEventListener('abort', give, { once: true })
  try {
    return await Promise.race([answer, abandoned])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', give)
  }
}
