/** What happened to an object, and why: one answer for any key of any bucket. @module */
import { z } from '@hono/zod-openapi'
import { MISMATCHES } from '../../function/routing.ts'
import { VERDICT_STATES } from '../../output/verdict.ts'
import { time } from '../http/page.ts'
import { objectVersionSchema, runSchema } from '../runs/model.ts'

const eventSchema = z
  .object({
    kind: z.enum(['created', 'removed']),
    name: z.string().openapi({ example: 'CompleteMultipartUpload' }),
    id: z.string().openapi({ description: "MinIO's request id" }),
    at: time,
    generation: z.string().optional(),
    arrivals: z
      .array(z.object({ path: z.enum(['notification', 'request', 'sweep']), at: time, delayMs: z.int() }))
      .openapi({
        description:
          'each announcement by itself: of two, the first is usually the fast target’s, the second the durable one’s',
      }),
  })
  .openapi('ObjectEvent')

const resultSchema = z.object({
  manifestBucket: z.string(),
  manifestKey: z.string(),
  run: z.string(),
  epoch: z.int(),
  functionVersion: z.string(),
  generation: z.string(),
  isOfLatest: z.boolean().openapi({ description: 'whether it was made of the object as it is now' }),
  isOutdated: z.boolean().openapi({ description: 'whether another version of the function made it' }),
  files: z.int(),
  bytes: z.int(),
  finishedAt: time,
  warnings: z.array(z.string()),
})

const verdictSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  state: z.enum(VERDICT_STATES),
  reason: z.string(),
  run: z.string(),
  generation: z.string(),
  at: time,
})

/**
 * Why a function has no run for the object, or why its run has no result yet; in words in `explanation`. A run that is
 * `running` or `retrying` stays so while no worker serves its function, and `explanation` says that; `no-worker` is of one
 * that waits.
 */
export const REASONS = [
  ...MISMATCHES,
  'impossible',
  'gone',
  'never-there',
  'not-announced',
  'event-unknown',
  'before-watermark',
  'not-set-up',
  'waiting-for-events',
  'paused',
  'no-worker',
  'waiting',
  'running',
  'retrying',
  'dead',
  'cancelled',
  'superseded',
  'source-gone',
  'succeeded',
  'removed',
  'past-keeping',
  'forgotten',
] as const

export const functionOfObjectSchema = z.object({
  name: z.string(),
  isMatch: z.boolean().openapi({ description: 'whether the function is for this object' }),
  reason: z.enum(REASONS).openapi({
    description:
      '`impossible`: the store takes no such key; `running` and `retrying` stay while no worker serves the function (`explanation` says so), `no-worker` is of what waits; `event-unknown`: the function is not for all ways of uploading, and which one it was is not known any more; `removed`: its result was there and was removed, `past-keeping`: it is older than results are kept; only a request makes either again',
  }),
  explanation: z.string().openapi({ description: 'the same in words, and what to do' }),
  isPaused: z.boolean(),
  run: runSchema.optional().openapi({ description: 'of the newest version of the object' }),
  nextAttemptAt: time.optional(),
  result: resultSchema.optional(),
  verdict: verdictSchema.optional(),
})

export const objectViewSchema = z
  .object({
    bucket: z.string(),
    key: z.string(),
    // Its shape anew: extended by its name, OpenAPI would say allOf, and null is no ObjectVersion.
    object: z
      .object({
        ...objectVersionSchema.shape,
        contentType: z.string().optional(),
        metadata: z.record(z.string(), z.string()),
      })
      .nullable()
      .openapi({ description: 'as it is now; null when it is not there (any more)' }),
    summary: z.string().openapi({ description: 'what happened, in one paragraph' }),
    events: z.array(eventSchema).openapi({ description: 'the newest ones, oldest first' }),
    functions: z.array(functionOfObjectSchema),
    runs: z.array(runSchema).openapi({ description: 'of all its versions, newest first' }),
  })
  .openapi('ObjectView')

export type ObjectView = z.output<typeof objectViewSchema>
export type FunctionOfObject = z.output<typeof functionOfObjectSchema>
export type ObjectEventView = z.output<typeof eventSchema>
