/** `/v1/me`: who the caller is to this runtime. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { TOKEN_ROLES } from '../../settings/config.ts'
import { type ApiApp, json, v1, v1Problems } from '../http/openapi.ts'
import { noQuery } from '../http/page.ts'

const meSchema = z
  .object({
    role: z
      .enum(TOKEN_ROLES)
      .openapi({ description: 'of the token or the login; `admin` while no token is set' }),
    version: z.string().openapi({ description: 'of the runtime' }),
  })
  .openapi('Me')

const get = createRoute({
  method: 'get',
  path: '/v1/me',
  ...v1('getMe', 'runtime', 'reader', 'The role of the caller, and the version of the runtime'),
  request: { query: noQuery },
  responses: { 200: json(meSchema, 'the caller'), ...v1Problems() },
})

export function addMeRoute(app: ApiApp, version: string): void {
  app.openapi(get, (c) => c.json({ role: c.var.role, version }, 200))
}
