/** Which runs somebody asks for. Redis chooses by it (`scripts/filter.lua`), and whoever reads the runs looks again. @module */
import type { RunRecord, RunState } from './run.ts'

export interface RunFilter {
  readonly function?: string | undefined
  readonly states?: readonly RunState[] | undefined
  readonly bucket?: string | undefined
  /** Of the key. */
  readonly prefix?: string | undefined
  readonly reason?: string | undefined
  /** Of their end, epoch ms; `endedUntilMs` itself is left out. */
  readonly endedSinceMs?: number | undefined
  readonly endedUntilMs?: number | undefined
}

/** A run that was chosen, before anybody has read it. */
export interface FoundRun {
  readonly runId: string
  readonly functionName: string
  readonly sizeBytes: number
}

/** As scripts take it. */
export function filterText(filter: RunFilter, withBytes = false): string {
  return JSON.stringify({ ...filter, ...(withBytes && { withBytes }) })
}

export function isMeantBy(filter: RunFilter, run: RunRecord): boolean {
  const { states, bucket, prefix, reason, endedSinceMs = -Infinity, endedUntilMs = Infinity } = filter
  const { functionName, state, payload, endedAtMs = 0 } = run
  return (
    (filter.function === undefined || functionName === filter.function) &&
    (states === undefined || states.includes(state)) &&
    (bucket === undefined || payload.bucket === bucket) &&
    (prefix === undefined || payload.key.startsWith(prefix)) &&
    (reason === undefined || run.reason === reason) &&
    endedAtMs >= endedSinceMs &&
    endedAtMs < endedUntilMs
  )
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
