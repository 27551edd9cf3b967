/** Ids on a command line: of runs, and of jobs. Pure. @module */
import { InvalidArgumentError } from 'commander'

export function isRunId(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text)
}

/** As a list shows it: enough to tell a few million runs apart, and every command takes it. */
export function shortId(id: string): string {
  return id.slice(0, 12)
}

export function runArgument(text: string): string {
  if (!isRunId(text)) throw new InvalidArgumentError('a run is 32 hex digits.')
  return text
}

/** Of a run or a job; jobs have ids of another form. */
export function jobArgument(text: string): string {
  if (!isRunId(text) && !/^[0-9A-Za-z_-]{1,64}$/.test(text))
    throw new InvalidArgumentError('a run is 32 hex digits; a job’s id is what `sluice reprocess` printed.')
  return text
}
