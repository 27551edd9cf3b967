/** Limits that an operator sets for a function at run time: a pause, or another concurrency. @module */
import { parseJson } from '../json.ts'
import { z } from 'zod'

const limitsSchema = z.object({
  schema: z.literal(1),
  /** Grows with each change. */
  revision: z.int().min(0),
  isPaused: z.boolean(),
  pausedAt: z.iso.datetime().optional(),
  /** Attempts at a time in one worker process; absent: as the function defines it. */
  concurrency: z.int().min(1).max(1_000).optional(),
})

export type Limits = z.output<typeof limitsSchema>

export const NO_LIMITS: Limits = { schema: 1, revision: 0, isPaused: false }

/** Undefined for anything else: no limits were set, or somebody wrote into the bucket by hand. */
export function parseLimits(text: string): Limits | undefined {
  return limitsSchema.safeParse(parseJson(text)).data
}

export interface LimitsChange {
  readonly isPaused?: boolean
  /** Null: as the function defines it. */
  readonly concurrency?: number | null
}

/** The limits after a change. Pausing a paused function keeps the time of the first pause. */
export function changed(limits: Limits, change: LimitsChange, nowMs: number): Limits {
  const { isPaused = limits.isPaused, concurrency = limits.concurrency ?? null } = change
  const pausedAt = limits.isPaused ? limits.pausedAt : new Date(nowMs).toISOString()
  return {
    schema: 1,
    revision: limits.revision + 1,
    isPaused,
    ...(isPaused && pausedAt !== undefined && { pausedAt }),
    ...(concurrency !== null && { concurrency }),
  }
}

/** How many attempts of a function may be in progress at a time in one worker process. */
export function slotsOf(definition: { readonly concurrency: number }, limits: Limits): number {
  return limits.isPaused ? 0 : (limits.concurrency ?? definition.concurrency)
}
