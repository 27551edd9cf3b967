/** The attempts of a run that ended otherwise than well, as `note_attempt` in `scripts/prelude.lua` keeps them. @module */

/** One try of a run; the last one of a running or succeeded run is made of the run itself. */
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
  readonly endedAtMs?: number
  readonly error?: string
  readonly lines: readonly string[]
}
