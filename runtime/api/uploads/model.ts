/** Uploads in JSON: what is asked, and the rights that are given. @module */
import { z } from '@hono/zod-openapi'
import { time } from '../http/page.ts'

/** S3's own limit. */
const MAX_BYTES = 5 * 1024 ** 4

const bucket = z.string().min(3).max(63).openapi({ example: 'incoming' })
const key = z.string().min(1).max(1_024).openapi({ example: 'films/holiday.mov' })

export const uploadRequest = z
  .strictObject({
    bucket,
    key,
    sizeBytes: z.int().min(0).max(MAX_BYTES),
    contentType: z
      .string()
      .max(200)
      .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:;[ -~]*)?$/, 'must be a media type, such as video/mp4')
      .optional(),
    options: z
      .record(z.string().min(1).max(100), z.union([z.string().max(1_000), z.number(), z.boolean()]))
      .optional()
      .openapi({
        description:
          'of the functions that run; `chunk.seconds` is for chunk alone. They become metadata of the object',
        example: { mode: 'exact', seconds: 4 },
      }),
    make: z
      .array(z.string().min(1).max(63))
      .max(50)
      .optional()
      .openapi({ description: 'functions to run beside those that always do', example: ['hls', 'poster'] }),
    ifAbsent: z
      .boolean()
      .default(false)
      .openapi({ description: 'refuse the upload while there is an object of this key' }),
  })
  .openapi('UploadRequest')

const part = z.object({
  number: z.int().min(1),
  url: z.string(),
  from: z.int().min(0).openapi({ description: 'first byte' }),
  to: z.int().min(0).openapi({ description: 'the byte after its last' }),
})

export const uploadSchema = z
  .object({
    method: z.literal('PUT'),
    url: z.string().optional().openapi({
      description: 'a right to send the object there once, with `headers`; absent for an upload in parts',
    }),
    headers: z.record(z.string(), z.string()).openapi({ description: 'to be sent with each PUT' }),
    upload: z.string().optional().openapi({ description: 'id of an upload in parts' }),
    parts: z.array(part).optional().openapi({
      description: 'each is sent to its URL, in any order; the answers have the `etag` of each',
    }),
    complete: z.string().optional().openapi({
      description: 'path; takes the etags of all parts and makes the object',
      example: '/v1/uploads/Zm9v/complete',
    }),
    abort: z.string().optional().openapi({ description: 'path; gives the parts up' }),
    expiresAt: time.openapi({ description: 'the end of the URLs' }),
    object: z.string().openapi({ description: 'path of its history', example: '/v1/objects/incoming/a.mp4' }),
    functions: z.array(z.string()).openapi({ description: 'the functions that will run for it' }),
    maxBytes: z.int().nullable().openapi({
      description: 'the largest object that any function takes for this key; null for no limit',
    }),
  })
  .openapi('Upload')

export const completeRequest = z
  .strictObject({
    bucket,
    key,
    parts: z
      .array(
        z.strictObject({
          number: z.int().min(1).max(10_000),
          etag: z.string().regex(/^"?[0-9a-fA-F-]{1,100}"?$/, 'must be the ETag of the part'),
        }),
      )
      .min(1)
      .max(10_000),
  })
  .openapi('UploadParts')

export const abortRequest = z.strictObject({ bucket, key }).openapi('UploadToAbort')

export const completedSchema = z.object({ object: z.string() }).openapi('CompletedUpload')

export type UploadRequest = z.output<typeof uploadRequest>
export type Upload = z.output<typeof uploadSchema>
export type CompleteRequest = z.output<typeof completeRequest>
