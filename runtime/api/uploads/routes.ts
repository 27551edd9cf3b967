/** `/v1/uploads`: rights to send objects straight to the store. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { bodyNeeded } from '../http/body.ts'
import { bodyProblems, json, v1, type ApiApp } from '../http/openapi.ts'
import { noQuery } from '../http/page.ts'
import { abortRequest, completedSchema, completeRequest, uploadRequest, uploadSchema } from './model.ts'
import type { UploadService } from './service.ts'

const about = (operationId: string, summary: string) => v1(operationId, 'uploads', 'operator', summary)
const bodyOf = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
})
const params = z.object({
  upload: z
    .string()
    .regex(/^[\w=-]{1,300}$/, 'must be the id of an upload')
    .openapi({ example: 'Zm9vLmJhcg' }),
})

const begin = createRoute({
  method: 'post',
  path: '/v1/uploads',
  ...about('beginUpload', 'A right to upload one object; everything about it is checked before it is sent'),
  request: { query: noQuery, body: bodyOf(uploadRequest) },
  responses: {
    201: json(uploadSchema, 'the right, as one URL or as one for each part'),
    ...bodyProblems(409, 422),
  },
})

const complete = createRoute({
  method: 'post',
  path: '/v1/uploads/{upload}/complete',
  ...about('completeUpload', 'Make the object of its parts'),
  request: { query: noQuery, params, body: bodyOf(completeRequest) },
  responses: { 200: json(completedSchema, 'the object is there'), ...bodyProblems(409, 422) },
})

const abort = createRoute({
  method: 'post',
  path: '/v1/uploads/{upload}/abort',
  ...about('abortUpload', 'Give an upload in parts up'),
  request: { query: noQuery, params, body: bodyOf(abortRequest) },
  responses: { 204: { description: 'its parts are gone' }, ...bodyProblems(409, 422) },
})

export function addUploadRoutes(app: ApiApp, uploads: UploadService): void {
  app.openapi({ ...begin, middleware: bodyNeeded }, async (c) =>
    c.json(await uploads.begin(c.req.valid('json')), 201),
  )
  app.openapi({ ...complete, middleware: bodyNeeded }, async (c) =>
    c.json(await uploads.complete(c.req.valid('param').upload, c.req.valid('json')), 200),
  )
  app.openapi({ ...abort, middleware: bodyNeeded }, async (c) => {
    await uploads.abort(c.req.valid('param').upload, c.req.valid('json'))
    return c.body(null, 204)
  })
}
