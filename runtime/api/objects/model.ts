/** The history of an object, with reasons: one answer for any key of any bucket. @module */
import { z } from '@hono/zod-openapi'
import { MISMATCHES } from '../../function/routing.ts'
import { VERDICT_STATES } from '../../output/verdict.ts'
import { time } from '../http/page.ts'
import { outputSchema } from '../results/outputs.ts'
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
          'each announcement separately: of two, the first is usually from the fast target, the second from the durable one',
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
  isOfLatest: z
    .boolean()
    .openapi({ description: 'whether it was made from the current version of the object' }),
  isOutdated: z.boolean().openapi({ description: 'whether another version of the function made it' }),
  files: z.int(),
  bytes: z.int(),
  finishedAt: time,
  warnings: z.array(z.string()),
  outputs: z.array(outputSchema).openapi({
    description: 'at most 1,000 of its files; those that players find through a playlist come last',
  }),
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
 * The reason a function has no run for the object, or its run has no result yet; `explanation` has it in words. A run that is
 * `running` or `retrying` stays so while no worker serves its function, as `explanation` then says; `no-worker` means a run
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

const nextStepSchema = z
  .object({
    text: z.string().openapi({ example: 'Run it again' }),
    command: z.string().optional().openapi({ description: 'to type or copy' }),
    action: z
      .object({
        method: z.literal('POST'),
        path: z.string(),
        body: z.record(z.string(), z.unknown()).optional(),
      })
      .optional()
      .openapi({ description: 'the same as a request to this interface' }),
  })
  .openapi('NextStep')

const functionOfObjectSchema = z.object({
  name: z.string(),
  isMatch: z.boolean().openapi({ description: 'whether the function matches this object' }),
  reason: z.enum(REASONS).openapi({
    description:
      '`impossible`: the store does not accept this key; `running` and `retrying` remain while no worker serves the function (`explanation` says so), `no-worker` means a waiting run; `event-unknown`: the function does not match all ways of uploading, and the way of this upload is no longer known; `removed`: its result was removed, `past-keeping`: it is older than results are kept; either is made again only on request',
  }),
  explanation: z
    .string()
    .openapi({ description: 'the reason in words, and the remedy: `told` and `next` in one text' }),
  told: z.string().openapi({ description: 'the reason in words, without the remedy' }),
  next: z.array(nextStepSchema).openapi({ description: 'the remedies; none where nothing is to be done' }),
  isPaused: z.boolean(),
  run: runSchema.optional().openapi({ description: 'for the newest version of the object' }),
  nextAttemptAt: time.optional(),
  result: resultSchema.optional(),
  verdict: verdictSchema.optional(),
})

export const objectViewSchema = z
  .object({
    bucket: z.string(),
    key: z.string(),
    // Its shape is repeated: extending it by name would make an allOf in OpenAPI, and null is not an ObjectVersion.
    object: z
      .object({
        ...objectVersionSchema.shape,
        contentType: z.string().optional(),
        metadata: z.record(z.string(), z.string()),
      })
      .nullable()
      .openapi({ description: 'its current version; null when there is none (any more)' }),
    stream: z
      .object({
        name: z.string(),
        session: z.string(),
        take: z.int(),
        number: z.int(),
        seconds: z.number().optional(),
        startSeconds: z.number().optional().openapi({ description: 'on the time line of its take' }),
        isPartial: z.boolean().openapi({ description: 'whether its sender was cut within it' }),
      })
      .optional()
      .openapi({ description: 'of a piece of a stream' }),
    make: z
      .object({ functions: z.array(z.string()), warning: z.string().optional() })
      .optional()
      .openapi({
        description: 'the words of `make` in its metadata, and a warning about those that are not functions',
      }),
    summary: z.string().openapi({ description: 'its history in one paragraph' }),
    events: z.array(eventSchema).openapi({ description: 'the newest events, oldest first' }),
    functions: z.array(functionOfObjectSchema),
    runs: z.array(runSchema).openapi({ description: 'for all its versions, newest first' }),
  })
  .openapi('ObjectView')

export type NextStep = z.output<typeof nextStepSchema>
export type ObjectView = z.output<typeof objectViewSchema>
export type FunctionOfObject = z.output<typeof functionOfObjectSchema>
export type ObjectEventView = z.output<typeof eventSchema>
