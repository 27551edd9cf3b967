/** Values on a command line: ids, objects, times and numbers. Pure. @module */
import { InvalidArgumentError } from 'commander'
import { parseDurationMs } from '../time.ts'
import { UsageError } from './command.ts'

/** A run's id, whole or shortened to its first 8 digits or more. Ids of jobs have capitals. */
export function isRunId(text: string): boolean {
  return /^[0-9a-f]{8,32}$/.test(text)
}

/** The form of an id in a list: enough to tell a few million runs apart, and every command takes it. */
export function shortId(id: string): string {
  return id.slice(0, 12)
}

const RUN_ID = 'a run id is 32 hex digits, or the first 8 or more of them'

export function runArgument(text: string): string {
  if (!isRunId(text)) throw new InvalidArgumentError(`${RUN_ID}.`)
  return text
}

/** The id of a run or a job. */
export function jobArgument(text: string): string {
  if (!isRunId(text) && !/^[0-9A-Za-z_-]{1,64}$/.test(text))
    throw new InvalidArgumentError(`${RUN_ID}; a job id is the one that \`sluice reprocess\` printed.`)
  return text
}

export interface ObjectName {
  readonly bucket: string
  /** Exactly as MinIO has it; it may contain any character. */
  readonly key: string
}

/** @throws {UsageError} when the text names no bucket, or nothing in it */
export function parseObjectName(text: string): ObjectName {
  const { bucket, prefix } = parsePrefix(text)
  if (prefix === '')
    throw new UsageError(`"${text}" names no object: write <bucket>/<key>, such as incoming/clip.mp4`)
  return { bucket, key: prefix }
}

/** `incoming/2024/` means every key that starts with `2024/`; `incoming` and `incoming/` mean the whole bucket. */
export function parsePrefix(text: string): { readonly bucket: string; readonly prefix: string } {
  const slash = text.indexOf('/')
  const bucket = slash < 0 ? text : text.slice(0, slash)
  if (!/^[a-z0-9][a-z0-9.-]{2,62}$/.test(bucket)) {
    throw new UsageError(
      `"${text}" does not start with the name of a bucket: write <bucket>/<key>, such as incoming/clip.mp4`,
    )
  }
  return { bucket, prefix: slash < 0 ? '' : text.slice(slash + 1) }
}

const TIMES = 'write an age such as 90m, 2h or 7d, or a time such as 2026-11-23 or 2026-11-23T14:00:00Z'

/** RFC 3339 of `2d` (so long ago), `2026-11-23` (midnight in UTC) or a whole RFC 3339 time. */
export function timeArgument(text: string, nowMs = Date.now()): string {
  const isTime = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i.test(text)
  const ms = isTime ? Date.parse(text.replace(' ', 'T')) : nowMs - durationMs(text)
  if (Number.isNaN(ms) || Math.abs(ms) > 8.64e15)
    throw new InvalidArgumentError(`"${text}" is not a time: ${TIMES}`)
  return new Date(ms).toISOString()
}

/** NaN when it is not a duration. */
function durationMs(text: string): number {
  try {
    return parseDurationMs(text)
  } catch {
    return Number.NaN
  }
}

export function countArgument(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('write a whole number of at least 1.')
  return Number(text)
}

export function rateArgument(text: string): number {
  const rate = Number(text)
  if (!(rate >= 0.01 && rate <= 10_000))
    throw new InvalidArgumentError('write the runs per second, a number from 0.01 to 10000.')
  return rate
}

/** A repeatable `name=value`: all of them, later ones over earlier ones. */
export function collectAssignment(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, name, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('write name=value, such as seconds=4')
  return { ...before, [name]: value }
}
