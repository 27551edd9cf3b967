/** One call of a handler: Request in, Outcome out. @module */
import type { FunctionVariables, SourceObject } from '../../function.ts'
import { sleep } from '../../time.ts'
import { requestOf, type AttemptBindings, type Gateway } from './gateway.ts'
import { outcomeOfError, outcomeOfResponse, type Outcome } from './outcome.ts'

/** How long a handler may take to notice that its signal was aborted. */
const NOTICE_MS = 10_000

export interface Invocation {
  readonly functionName: string
  readonly event: SourceObject
  readonly eventTime: string
  readonly variables: FunctionVariables<unknown>
}

/**
 * What the handler made of it. An aborted attempt ends with the reason of the abort, whatever the handler said after it;
 * a handler that does not notice the abort is left behind: its output is closed and its scratch folder goes.
 */
export async function invoke(gateway: Gateway, invocation: Invocation): Promise<Outcome> {
  const { functionName, event, eventTime, variables } = invocation
  const bindings: AttemptBindings = { variables }
  const request = requestOf(functionName, variables.run.id, event, eventTime)
  const answered = new AbortController()
  // The answer's body too: a handler may stream it for ever.
  const answer = Promise.resolve(gateway.fetch(request, bindings))
    .then((response) =>
      bindings.thrown === undefined ? outcomeOfResponse(response) : outcomeOfError(bindings.thrown),
    )
    .catch(outcomeOfError)
    .finally(() => answered.abort())
  const outcome = await Promise.race([answer, abandonedAfter(variables.signal, answered.signal)])
  if (!variables.signal.aborted && outcome) return outcome
  const aborted = outcomeOfError(variables.signal.reason)
  if (outcome || aborted.kind !== 'retry') return aborted
  return { ...aborted, error: `${aborted.error}, and the handler did not stop` }
}

/** Resolves a while after the abort; when there was an answer before, it no longer matters. */
function abandonedAfter(aborted: AbortSignal, answered: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const give = () => void sleep(NOTICE_MS, answered).then(() => resolve(undefined))
    if (aborted.aborted) give()
    else aborted.addEventListener('abort', give, { once: true, signal: answered })
  })
}
