/** The findings of a search: runs by their ids, objects by their keys. @module */
import { z } from '@hono/zod-openapi'
import { time } from '../http/page.ts'
import { runSchema } from '../runs/model.ts'

/** Longer than any key with its bucket. */
export const MAX_QUERY_LENGTH = 1_100

const foundRunSchema = z
  .object({
    kind: z.literal('run'),
    match: z.literal('id').openapi({ description: 'its id starts with the text' }),
    run: runSchema,
  })
  .openapi('FoundRun')

const foundObjectSchema = z
  .object({
    kind: z.literal('object'),
    match: z.enum(['exact', 'prefix', 'contains']).openapi({
      description:
        '`exact`: it is the key, or the bucket and the key; `prefix`: the key starts with the text, in the store; `contains`: the text is a part of the key, of a run that is known',
    }),
    bucket: z.string(),
    key: z.string(),
    sizeBytes: z.int().min(0),
    lastModified: time,
  })
  .openapi('FoundObject')

export const searchAnswerSchema = z
  .object({
    items: z
      .array(z.discriminatedUnion('kind', [foundRunSchema, foundObjectSchema]))
      .openapi({ description: 'the best matches first' }),
    isCut: z.boolean().openapi({
      description: 'whether there may be more: a list of keys was cut, or older runs were not looked at',
    }),
    object: z.object({ bucket: z.string(), key: z.string() }).optional().openapi({
      description:
        'the object that the text names, if it is one, also when it does not exist: /v1/objects says why',
    }),
  })
  .openapi('SearchAnswer')

export type SearchAnswer = z.output<typeof searchAnswerSchema>
export type FoundRun = z.output<typeof foundRunSchema>
export type FoundObject = z.output<typeof foundObjectSchema>
