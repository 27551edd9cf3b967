/** The attempts of a run that did not succeed, as `note` in `scripts/prelude.lua` keeps them. @module */

/** One try of a run. */
export interface AttemptRecord {
  readonly outcome:
    | 'running'
    | 'succeeded'
    | 'failed'
    | 'dead'
    | 'released'
    | 'lost'
    | 'superseded'
    | 'source-gone'
    | 'cancelled'
  readonly epoch: number
  readonly worker: string
  readonly startedAtMs: number
  /** Absent of one that goes on. */
  readonly endedAtMs?: number
  readonly error?: string
  /** The last lines of the tool's log. */
  readonly lines: readonly string[]
}

/** Shape: `["failed",0,"host:12:…",1763900000000,1763900001000,"boom","last line"]`. */
export function parseAttempt(text: string): AttemptRecord {
  const [outcome, epoch, worker, startedAtMs, endedAtMs, error, lines] = JSON.parse(text) as [
    AttemptRecord['outcome'],
    number,
    string,
    number,
    number,
    string,
    string,
  ]
  return {
    outcome,
    epoch,
    worker,
    startedAtMs,
    endedAtMs,
    ...(error && { error }),
    lines: lines ? lines.split('\n') : [],
  }
}
