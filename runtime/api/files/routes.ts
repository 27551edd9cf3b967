/** `/v1/files`: the bytes of results and sources, for players and pages that cannot sign requests to the store. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { v1, v1Problems, type ApiApp } from '../http/openapi.ts'
import { fileRequestOf } from '../http/send-object.ts'
import type { FileService } from './service.ts'

const FILE = { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } }
const params = z.object({ bucket: z.string().min(3).max(63) })
const query = z.strictObject({
  download: z.literal('').optional().openapi({ description: 'sent to be saved, not to be shown' }),
})

const file = createRoute({
  method: 'get',
  path: '/v1/files/{bucket}/{key}',
  ...v1('getFile', 'results', 'reader', 'The bytes of a result; those of a source need the role operator'),
  request: { params: params.extend({ key: z.string().min(1) }), query },
  responses: {
    200: { description: 'the file', content: FILE },
    206: { description: 'its range', content: FILE },
    304: { description: 'the file is the one in If-None-Match' },
    ...v1Problems(404, 416, 422),
  },
})

/** The route as it is served: OpenAPI cannot describe the rest of a path. */
const byRestOfPath = {
  ...file,
  path: '/v1/files/{bucket}/*',
  request: { params, query },
  hide: true,
} as const

export function addFileRoutes(app: ApiApp, files: FileService): void {
  app.openAPIRegistry.registerPath(file)
  app.openapi(byRestOfPath, (c) => {
    const { bucket } = c.req.valid('param')
    const isSaved = c.req.valid('query').download !== undefined
    // Not Hono's wildcard: leading, trailing and repeated slashes are part of a key.
    const key = decodeURIComponent(c.req.path.split('/').slice(4).join('/'))
    return files.send({ bucket, key, role: c.var.role, isSaved }, fileRequestOf(c))
  })
}
