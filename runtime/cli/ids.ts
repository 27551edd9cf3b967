/** Ids on a command line: of runs, and of jobs. Pure. @module */
import { InvalidArgumentError } from 'commander'

/** Whole, or shortened to its first 8 digits or more. Jobs' ids have capitals. */
export function isRunId(text: string): boolean {
  return /^[0-9a-f]{8,32}$/.test(text)
}

/** As a list shows it: enough to tell a few million runs apart, and every command takes it. */
export function shortId(id: string): string {
  return id.slice(0, 12)
}

export function runArgument(text: string): string {
  if (!isRunId(text))
    throw new InvalidArgumentError('a run is 32 hex digits, or the first 8 or more of them.')
  return text
}

/** Of a run or a job; jobs have ids of another form. */
export function jobArgument(text: string): string {
  if (!isRunId(text) && !/^[0-9A-Za-z_-]{1,64}$/.test(text))
    throw new InvalidArgumentError(
      'a run is 32 hex digits, or the first 8 or more of them; a job’s id is what `sluice reprocess` printed.',
    )
  return text
}
