/**
 * Calls a handler: the only file that does. The runtime's Hono app mounts every function at `POST /functions/<name>`; an attempt
 * arrives as a Request carrying a CloudEvent in binary mode (https://github.com/cloudevents/spec, HTTP binding 3.1), with its
 * live objects beside it in `env`.
 * @module
 */
import { Hono, type Context } from 'hono'
import { PermanentError, RetryLaterError } from '../../errors.ts'
import type { FunctionDefinition, FunctionEnv, FunctionVariables } from '../../function/definition.ts'
import type { SourceObject } from '../../function/source.ts'
import type { AttemptOutput } from '../../output/attempt-output.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { AttemptSource } from '../source/object.ts'
import { createSource } from '../source/source.ts'
import { outcomeOfError, outcomeOfResponse, type Outcome } from './outcome.ts'
import type { Performance, PerformParts } from './parts.ts'

/** Holds back tools that make files faster than they are sent, so that about this many are on disk at most. */
const MAX_WAITING_FILES = 4
/** The time a handler gets to notice that its signal was aborted. */
const NOTICE_MS = 10_000
/** A stack starts with the message, which may be of any length. */
const STACK_CHARS = 8_192

/** Passed beside the Request of an attempt. */
export interface AttemptBindings {
  readonly variables: FunctionVariables<unknown>
  /** The error of the handler, unchanged. */
  thrown?: unknown
}

export type Gateway = Hono<FunctionEnv & { Bindings: AttemptBindings }>

export interface Handling extends Omit<Performance, 'wasVacant'> {
  readonly options: Readonly<Record<string, unknown>>
  readonly output: AttemptOutput
}

export interface Invocation {
  readonly functionName: string
  readonly event: SourceObject
  readonly eventTime: string
  readonly variables: FunctionVariables<unknown>
  /** Called with the end of a handler that was abandoned. */
  readonly onLeftBehind: (ended: Promise<unknown>) => void
}

export function createGateway(functions: readonly FunctionDefinition[]): Gateway {
  const app: Gateway = new Hono()
  for (const { name, handler } of functions) {
    app.post(`/functions/${name}`, async (c, next) => {
      offer(c, c.env.variables)
      const response = await handler(c as unknown as Context<FunctionEnv>, next)
      return response ?? c.json({ error: `function ${name} returned no Response` }, 500)
    })
  }
  app.onError((error, c) => {
    // Hono's HTTPException: its status counts as if the handler had answered with it.
    if ('getResponse' in error) return error.getResponse()
    // In process the error itself says more than any status.
    c.env.thrown = error
    return c.json({ error: error.message }, 500)
  })
  return app
}

/**
 * Calls the handler with a source that ends with the call. The reason why the source could not be read outranks the handler's
 * own outcome: a tool only sees its input end early, and some (FFmpeg of 2018) take that for the real end and succeed.
 */
export async function handle(
  parts: Pick<PerformParts, 'storage' | 'proxy' | 'strays' | 'downloadBelowBytes'>,
  gateway: Gateway,
  handling: Handling,
): Promise<Outcome> {
  const { storage, proxy, strays, downloadBelowBytes } = parts
  const { attempt, event, content, log, scratch, output } = handling
  const { claim, definition, signal, active } = attempt
  const source = createSource({
    storage,
    proxy,
    downloadBelowBytes,
    object: event,
    content,
    scratch,
    signal,
    onBytes: active,
    log,
    room: (signal) => output.waitingAtMost(MAX_WAITING_FILES, signal),
  })
  try {
    const outcome = await invoke(gateway, {
      functionName: definition.name,
      event,
      eventTime: new Date(claim.payload.eventTimeMs).toISOString(),
      variables: variablesOf(handling, source),
      onLeftBehind: (ended) => strays.add(definition.name, ended),
    })
    const failure = outcome.kind === 'succeeded' ? source.unseenFailure : source.failure
    return failure ? outcomeOfError(failure) : outcome
  } finally {
    source.close()
  }
}

/**
 * One call of a handler: Request in, Outcome out. An aborted attempt ends with the reason of the abort, whatever the handler
 * returns after it; a handler that ignores the abort is abandoned: its output is closed and its scratch folder removed.
 */
export async function invoke(gateway: Gateway, invocation: Invocation): Promise<Outcome> {
  const { functionName, event, eventTime, variables } = invocation
  const bindings: AttemptBindings = { variables }
  const request = requestOf(functionName, variables.run.id, event, eventTime)
  const abandoned = abandonedAfter(variables.signal)
  // The body of the answer counts as part of the call: a handler may stream it for ever.
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

function variablesOf(
  { attempt, event, log, scratch, options, output }: Handling,
  source: AttemptSource,
): FunctionVariables<unknown> {
  const { claim, signal, active } = attempt
  return {
    event,
    run: { id: claim.runId, attempt: claim.attempts + 1, epoch: claim.epoch },
    options,
    source,
    output,
    signal,
    progress(progress) {
      active()
      attempt.progress = progress
    },
    log,
    get scratch() {
      return scratch()
    },
  }
}

/**
 * Offers the attempt's variables as `c.var` and `c.get`; values a handler sets cover them. Hono itself would copy the values,
 * but reading the path of the attempt's folder creates the folder.
 */
function offer(c: Context, variables: FunctionVariables<unknown>): void {
  const own: Record<string, unknown> = Object.defineProperties(
    {},
    Object.getOwnPropertyDescriptors(variables),
  )
  Object.defineProperty(c, 'var', { value: own })
  c.get = (name: string) => own[name]
  c.set = (name: string, value: unknown) => {
    Object.defineProperty(own, name, { value, writable: true, enumerable: true, configurable: true })
  }
}

/** A CloudEvent about an object version, in headers; the key is percent-encoded since it may be any text. */
export function requestOf(functionName: string, runId: string, event: SourceObject, time: string): Request {
  return new Request(`http://runtime/functions/${functionName}`, {
    method: 'POST',
    headers: {
      'ce-specversion': '1.0',
      'ce-id': runId,
      'ce-type': 'com.amazonaws.s3.ObjectCreated',
      'ce-source': `minio:s3/${event.bucket}`,
      'ce-subject': encodeURIComponent(event.key),
      'ce-time': time,
    },
  })
}

/** Shows the function's author the line; an error thrown on purpose needs none. */
function logStack(log: Logger, thrown: unknown): void {
  const isMeant = thrown instanceof PermanentError || thrown instanceof RetryLaterError
  if (thrown instanceof Error && !isMeant)
    log.warn({ stack: String(thrown.stack).slice(0, STACK_CHARS) }, 'the handler threw')
}

/** Resolves {@link NOTICE_MS} after the abort, unless it is stopped before. */
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
