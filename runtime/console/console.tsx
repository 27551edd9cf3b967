/** The console: pages for people, over the same services as the HTTP interface. @module */
import { Hono, type MiddlewareHandler } from 'hono'
import { requestId } from 'hono/request-id'
import { guardFromBrowsers } from '../api/http/guards.ts'
import { hasTokens } from '../settings/token-roles.ts'
import { createAssets } from './assets.ts'
import type { ConsoleEnv } from './env.ts'
import { limitForms } from './form.ts'
import { createFrame, type ConsoleParts } from './frame.tsx'
import { contentPolicy, fromOwnPages, securityHeaders } from './headers.ts'
import { addLogin, authenticated } from './login.tsx'
import { addDeadLetterRoutes } from './routes/dead-letters.tsx'
import { addFindRoutes } from './routes/find.tsx'
import { addFunctionRoutes } from './routes/functions.tsx'
import { addMediaRoutes } from './routes/media.tsx'
import { addObjectRoutes } from './routes/objects.tsx'
import { addRunRoutes } from './routes/runs.tsx'
import { addSystemRoutes } from './routes/system.tsx'
import { setNextTheme } from './theme.ts'

export function createConsole(parts: ConsoleParts): Hono<ConsoleEnv> {
  const { tokens, base, storeOrigin } = parts
  const app = new Hono<ConsoleEnv>()
  const assets = createAssets()
  const frame = createFrame(parts)
  app.onError(frame.failed)
  // A page that could not be drawn names it, and so does the log.
  app.use(requestId())
  app.use(securityHeaders(contentPolicy(storeOrigin)))
  if (!hasTokens(tokens)) app.use(guardFromBrowsers() as unknown as MiddlewareHandler<ConsoleEnv>)
  app.get('/assets/:path{.+}', (c) => assets.answer(c, c.req.param('path')))
  app.use(fromOwnPages)
  app.use(limitForms)
  addLogin(app, parts)
  app.post('/theme', (c) => {
    setNextTheme(c, base)
    return frame.goBack(c)
  })
  app.use(authenticated(parts))
  addFunctionRoutes(app, frame)
  addRunRoutes(app, frame)
  addObjectRoutes(app, frame)
  addDeadLetterRoutes(app, frame)
  addFindRoutes(app, frame)
  addSystemRoutes(app, frame)
  addMediaRoutes(app, frame)
  app.notFound((c) => frame.lost(c))
  return app
}
