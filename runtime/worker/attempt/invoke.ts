/** One call of a handler: Request in, Outcome out. @module */
import { PermanentError, RetryLaterError } from '../../errors.ts'
import type { FunctionVariables } from '../../function/definition.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { requestOf, type AttemptBindings, type Gateway } from './gateway.ts'
import { outcomeOfError, outcomeOfResponse, type Outcome } from './outcome.ts'
import type { SourceObject } from '../../function/source.ts'

/** How long a handler may take to notice that its signal was aborted. */
const NOTICE_MS = 10_000
/** It begins with the message, which may be of any length. */
const STACK_CHARS = 8_192

export interface Invocation {
  readonly functionName: string
  readonly event: SourceObject
  readonly eventTime: string
  readonly variables: FunctionVariables<unknown>
  /** Called with the end of a handler that was left behind. */
  readonly onLeftBehind: (ended: Promise<unknown>) => void
}

/**
 * What the handler made of it. An aborted attempt ends with the reason of the abort, whatever the handler said after it;
 * a handler that does not notice the abort is left behind: its output is closed and its scratch folder goes.
 */
export async function invoke(gateway: Gateway, invocation: Invocation): Promise<Outcome> {
  const { functionName, event, eventTime, variables } = invocation
  const bindings: AttemptBindings = { variables }
  const request = requestOf(functionName, variables.run.id, event, eventTime)
  const abandoned = abandonedAfter(variables.signal)
  // The answer's body too: a handler may stream it for ever.
  const answer = Promise.resolve(gateway.fetch(request, bindings))
    .then((response) => {
      if (bindings.thrown === undefined) return outcomeOfResponse(response)
      if (!variables.signal.aborted) logStack(variables.log, bindings.thrown)
      return outcomeOfError(bindings.thrown)
    })
    .catch(outcomeOfError)
  const outcome = await Promise.race([answer, abandoned.promise])
  abandoned.stop()
  if (!outcome) invocation.onLeftBehind(answer)
  if (!variables.signal.aborted && outcome) return outcome
  const aborted = outcomeOfError(variables.signal.reason)
  if (outcome || aborted.kind !== 'retry') return aborted
  return { ...aborted, error: `${aborted.error}, and the handler did not stop` }
}

/** Whoever wrote the function finds the line; an error that says what it means needs none. */
function logStack(log: Logger, thrown: unknown): void {
  const isMeant = thrown instanceof PermanentError || thrown instanceof RetryLaterError
  if (thrown instanceof Error && !isMeant)
    log.warn({ stack: String(thrown.stack).slice(0, STACK_CHARS) }, 'the handler threw')
}

/** Resolves a while after the abort, unless it is stopped before. */
function abandonedAfter(signal: AbortSignal): { promise: Promise<undefined>; stop: () => void } {
  let timer: NodeJS.Timeout | undefined
  let give = () => {}
  const promise = new Promise<undefined>((resolve) => {
    give = () => {
      timer = setTimeout(() => resolve(undefined), NOTICE_MS)
    }
  })
  if (signal.aborted) give()
  else signal.addEventListener('abort', give, { once: true })
  const stop = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', give)
  }
  return { promise, stop }
}
