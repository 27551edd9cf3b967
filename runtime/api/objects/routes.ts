/**
 * `/v1/objects`: the history of an object, with reasons. Its key is the rest of the path, with any bytes; as clients and proxies
 * normalize paths (dot segments, repeated slashes), the key may also be in the query.
 * @module
 */
import { createRoute, z } from '@hono/zod-openapi'
import { objectViewSchema } from './model.ts'
import { json, v1, v1Problems, type ApiApp } from '../http/openapi.ts'
import { ProblemError } from '../http/problem.ts'
import type { ObjectService } from './service.ts'

/** The limit of S3. */
const MAX_KEY_BYTES = 1_024

const bucket = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'a bucket has 3 to 63 lower-case letters, digits, dots and hyphens',
  )
  .openapi({ example: 'incoming' })
const about = (operationId: string, how: string) =>
  v1(operationId, 'objects', 'reader', `The history of an object, with reasons; ${how}`)
const responses = { 200: json(objectViewSchema, 'also for an object that never existed'), ...v1Problems(422) }

const byQuery = createRoute({
  method: 'get',
  path: '/v1/objects/{bucket}',
  ...about('getObjectByQuery', 'with its key in the query, where no client or proxy changes it'),
  request: {
    params: z.object({ bucket }),
    query: z.strictObject({ key: z.string().min(1).openapi({ example: 'films/what now?.mov' }) }),
  },
  responses,
})

const byPath = createRoute({
  method: 'get',
  path: '/v1/objects/{bucket}/{key}',
  ...about('getObject', 'its key is the rest of the path, with slashes as they are or as %2F'),
  request: {
    params: z.object({ bucket, key: z.string().min(1).openapi({ example: 'films/holiday.mov' }) }),
  },
  responses,
})

/** The route as it is served: OpenAPI cannot describe the rest of a path. */
const byRestOfPath = {
  ...byPath,
  path: '/v1/objects/{bucket}/*',
  // With an unescaped question mark in a key, the request would be for another object.
  request: { params: z.object({ bucket }), query: z.strictObject({}) },
  hide: true,
} as const

export function addObjectRoutes(app: ApiApp, objects: ObjectService): void {
  const view = (name: string, key: string) => {
    const bytes = Buffer.byteLength(key)
    if (bytes > MAX_KEY_BYTES)
      throw new ProblemError(422, `a key may have at most ${MAX_KEY_BYTES} bytes; this one has ${bytes}`)
    return objects.view(name, key)
  }

  app.openapi(byQuery, async (c) =>
    c.json(await view(c.req.valid('param').bucket, c.req.valid('query').key), 200),
  )

  app.openAPIRegistry.registerPath(byPath)
  app.openapi(byRestOfPath, async (c) => {
    const key = keyOf(c.req.path)
    if (key === '') throw new ProblemError(400, 'the path has no object key')
    return c.json(await view(c.req.valid('param').bucket, key), 200)
  })
}

/** The key in `/v1/objects/<bucket>/<key>` as it was sent: leading, trailing and repeated slashes are part of it. */
function keyOf(path: string): string {
  return decodeURIComponent(path.split('/').slice(4).join('/'))
}
