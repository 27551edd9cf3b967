/** Live events in JSON. @module */
import { z } from '@hono/zod-openapi'
import type { Changes } from '../../queue/changes.ts'
import { RUN_STATES } from '../../queue/run.ts'

/** A page looks again after the first. */
const MAX_RUNS = 50

export const changeSchema = z
  .object({
    runs: z.array(z.object({ id: z.string(), function: z.string(), status: z.enum(RUN_STATES) })),
    functions: z.array(z.string()).openapi({ description: 'functions with another pause or limit' }),
    streams: z.array(z.string()),
    jobs: z.array(z.string()),
    more: z.boolean().openapi({ description: 'more has changed than is said here' }),
  })
  .openapi('Change')

export function toChange({ runs, others, hasMore }: Changes): z.output<typeof changeSchema> {
  const named = (wanted: string) => others.filter(({ kind }) => kind === wanted).map(({ name }) => name)
  return {
    runs: runs
      .slice(0, MAX_RUNS)
      .map(({ runId, functionName, state }) => ({ id: runId, function: functionName, status: state })),
    functions: named('limits'),
    streams: named('stream'),
    jobs: named('job'),
    more: hasMore || runs.length > MAX_RUNS,
  }
}
