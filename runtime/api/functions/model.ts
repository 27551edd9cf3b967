/** A function in JSON: its definition, its current limits, and its queue. @module */
import { z } from '@hono/zod-openapi'
import { time } from '../http/page.ts'

const attemptCounts = {
  done: z.int().min(0).openapi({ description: 'attempts that succeeded' }),
  failed: z.int().min(0).openapi({ description: 'attempts that failed and are tried again' }),
  dead: z.int().min(0).openapi({ description: 'attempts that failed and were the last of their runs' }),
}

const ratesSchema = z
  .object({
    since: time.openapi({ description: 'the beginning of the first minute' }),
    ...attemptCounts,
    perMinute: z.array(z.array(z.int().min(0)).length(3)).openapi({
      description: '`[done, failed, dead]` of each minute, oldest first; the last one is in progress',
    }),
  })
  .openapi('Rates', { description: 'how the attempts of all workers ended, counted as they end' })

export const functionSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    on: z.object({
      bucket: z.string(),
      match: z.array(z.string()).openapi({ description: 'globs; empty matches every key' }),
      ignore: z.array(z.string()),
      events: z.array(z.string()),
      minBytes: z.int().min(0),
      maxBytes: z.int().nullable().openapi({ description: 'null for no limit' }),
    }),
    trigger: z.enum(['always', 'asked']).openapi({
      description: '`asked`: it runs only for objects that ask for it, and for requests that name it',
    }),
    askedOn: z.array(z.string()).openapi({
      description: 'globs of the keys for which the settings ask for it; `**` for every key',
    }),
    presets: z
      .record(z.string(), z.record(z.string(), z.unknown()))
      .openapi({ description: 'named sets of options, chosen by the option `preset`' }),
    outputBucket: z.string(),
    onDelete: z.enum(['keep', 'remove']),
    afterSuccess: z.enum(['keep', 'remove']),
    optionsSchema: z.record(z.string(), z.unknown()).openapi({ description: 'JSON Schema of its options' }),
    settings: z.record(z.string(), z.unknown()).openapi({ description: 'options set for this runtime' }),
    retry: z.object({ attempts: z.int(), firstMs: z.int(), maxMs: z.int() }),
    timeoutMs: z.int(),
    stallTimeoutMs: z.int(),
    concurrency: z
      .int()
      .openapi({ description: 'current limit of concurrent attempts in one worker process' }),
    definedConcurrency: z.int().openapi({ description: 'the limit that the function defines' }),
    isPaused: z.boolean(),
    pausedAt: time.optional(),
    watermark: time.nullable().openapi({
      description: 'uploads since then run automatically; null if the function was never set up',
    }),
    queue: z.object({
      waiting: z.int().openapi({ description: 'uploads that wait' }),
      backfill: z.int().openapi({ description: 'reprocessed, redriven and swept runs that wait' }),
      running: z.int(),
      open: z.int().openapi({
        description:
          'runs that workers have or could start now: waiting, backfill, running, and retries that are due; a measure for scaling',
      }),
      dead: z.int(),
    }),
    workers: z.int().openapi({ description: 'worker processes that currently serve it' }),
    lastHour: ratesSchema,
    rates: ratesSchema.optional().openapi({ description: 'of as many minutes as `rates` asks for' }),
  })
  .openapi('Function')

export const limitsRequest = z
  .strictObject({
    concurrency: z
      .int()
      .min(1)
      .max(1_000)
      .nullable()
      .openapi({ description: 'null for the limit that the function defines' }),
  })
  .openapi('Limits')

export type FunctionView = z.output<typeof functionSchema>
export type Rates = z.output<typeof ratesSchema>
