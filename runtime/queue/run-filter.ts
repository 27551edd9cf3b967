/** A filter for runs. Redis selects with it (`scripts/filter.lua`), and readers of the runs check it again. @module */
import type { RunRecord, RunState } from './run.ts'

export interface RunFilter {
  readonly function?: string | undefined
  readonly states?: readonly RunState[] | undefined
  readonly bucket?: string | undefined
  /** Of the key. */
  readonly prefix?: string | undefined
  /** A part of the key; upper and lower case of A to Z are the same. */
  readonly contains?: string | undefined
  readonly reason?: string | undefined
  /** Bounds of the end, epoch ms; `endedUntilMs` is exclusive. */
  readonly endedSinceMs?: number | undefined
  readonly endedUntilMs?: number | undefined
}

/** A run that matched, before its record is read. */
export interface FoundRun {
  readonly runId: string
  readonly functionName: string
  readonly sizeBytes: number
}

/**
 * How many the first call for a page examines: without a filter the page is all that is read, and whether there are more. For a
 * rare wish the next calls examine twice as many each, up to `most`.
 */
export function firstStep(limit: number, most: number): number {
  return Math.min(most, limit + 1)
}

/** The filter as an argument of scripts. */
export function filterText(filter: RunFilter, withBytes = false): string {
  const { contains, ...rest } = filter
  const inLower = contains === undefined ? {} : { contains: lowerAscii(contains) }
  return JSON.stringify({ ...rest, ...inLower, ...(withBytes && { withBytes }) })
}

export function isMeantBy(filter: RunFilter, run: RunRecord): boolean {
  const {
    states,
    bucket,
    prefix,
    contains,
    reason,
    endedSinceMs = -Infinity,
    endedUntilMs = Infinity,
  } = filter
  const { functionName, state, payload, endedAtMs = 0 } = run
  return (
    (filter.function === undefined || functionName === filter.function) &&
    (states === undefined || states.includes(state)) &&
    (bucket === undefined || payload.bucket === bucket) &&
    (prefix === undefined || payload.key.startsWith(prefix)) &&
    (contains === undefined || lowerAscii(payload.key).includes(lowerAscii(contains))) &&
    (reason === undefined || run.reason === reason) &&
    endedAtMs >= endedSinceMs &&
    endedAtMs < endedUntilMs
  )
}

/** As Redis does: its Lua knows no other letters. */
function lowerAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** `run, function, bytes` of each, as scripts return them. */
export function toFoundRuns(flat: readonly (string | number)[]): readonly FoundRun[] {
  const found: FoundRun[] = []
  for (let at = 0; at < flat.length; at += 3) {
    const [runId, functionName] = [String(flat[at]), String(flat[at + 1])]
    found.push({ runId, functionName, sizeBytes: Number(flat[at + 2]) })
  }
  return found
}
