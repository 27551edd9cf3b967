/** The call of a handler with all that it finds in `c.var`. @module */
import type { FunctionVariables } from '../../function/definition.ts'
import type { AttemptOutput } from '../../output/attempt-output.ts'
import { createSource } from '../source/source.ts'
import type { Gateway } from './gateway.ts'
import { invoke } from './invoke.ts'
import { outcomeOfError, type Outcome } from './outcome.ts'
import type { Performance, PerformParts } from './perform.ts'
import type { AttemptSource } from '../source/object.ts'

/** The brake on tools that make files faster than they are sent: the disk has to hold no more than about so many. */
const MAX_WAITING_FILES = 4

export interface Handling extends Omit<Performance, 'wasVacant'> {
  readonly options: Readonly<Record<string, unknown>>
  readonly output: AttemptOutput
}

/**
 * The call of the handler with a source that ends with it. Why the source could not be read outranks what the handler made
 * of that: a tool only sees that its input broke off, and some (FFmpeg of 2018) take that for its end and succeed.
 */
export async function handle(
  {
    storage,
    proxy,
    strays,
    downloadBelowBytes,
  }: Pick<PerformParts, 'storage' | 'proxy' | 'strays' | 'downloadBelowBytes'>,
  gateway: Gateway,
  handling: Handling,
): Promise<Outcome> {
  const { attempt, event, content, log, scratch, output } = handling
  const { claim, definition, signal, active } = attempt
  const source = createSource({
    storage,
    object: event,
    content,
    scratch,
    signal,
    onBytes: active,
    log,
    proxy,
    downloadBelowBytes,
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
    const fault = outcome.kind === 'succeeded' ? source.unseenFault : source.fault
    return fault ? outcomeOfError(fault) : outcome
  } finally {
    source.close()
  }
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
