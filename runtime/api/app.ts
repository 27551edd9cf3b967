/** The HTTP interface: middleware that every request passes, and the routes. @module */
import { inspect } from 'node:util'
import type { MiddlewareHandler } from 'hono'
import { requestId } from 'hono/request-id'
import { routePath } from 'hono/route'
import { hasTokens } from '../settings/token-roles.ts'
import { authenticate, type AuthParts } from './http/auth.ts'
import type { ApiEnv } from './http/env.ts'
import { addMethodGuards, checkAddress, guardFromBrowsers } from './http/guards.ts'
import { addDeadLetterRoutes } from './dead-letters/routes.ts'
import { addFileRoutes } from './files/routes.ts'
import { addFunctionRoutes } from './functions/routes.ts'
import { idempotent } from './http/idempotency.ts'
import { addJobRoutes } from './jobs/routes.ts'
import { addLiveRoutes } from './live/routes.ts'
import { createCallerOf } from './login/callers.ts'
import { createSessionCookie } from './login/cookie.ts'
import { roleOfSession } from './login/session.ts'
import { addObjectRoutes } from './objects/routes.ts'
import { addDocument, type ApiApp, createApp } from './http/openapi.ts'
import type { ApiParts, ApiServices } from './services.ts'
import { addMeRoute } from './me/routes.ts'
import { addProbes } from './probes.ts'
import { answerError, toResponse } from './http/problem.ts'
import { addReprocessRoute } from './reprocess/routes.ts'
import { checkBody } from './http/body.ts'
import { addResultRoutes } from './results/routes.ts'
import { addRunRoutes } from './runs/routes.ts'
import { addPushRefusal } from './streams/push.ts'
import { addSearchRoute } from './search/routes.ts'
import { addStreamRoutes } from './streams/routes.ts'
import { addSweepRoutes } from './sweep/routes.ts'
import { addUploadRoutes } from './uploads/routes.ts'

export function createApi(parts: ApiParts): ApiApp {
  const { services, tokens, log } = parts
  const app = createApp()
  app.use(measure(parts), requestId(), nameRequest, onlyErrors)
  app.onError((error, c) => answerError(error, c, log))
  app.notFound((c) => toResponse({ status: 404, detail: `there is no ${c.req.method} ${c.req.path}` }))

  if (!hasTokens(tokens)) app.use(guardFromBrowsers())
  addProbes(app, parts)
  app.use('/v1/*', noStore, locationsBelow(parts.base))
  app.use('/v1/*', checkAddress())
  addPushRefusal(app, parts.receiver)
  app.use('/v1/*', authenticate(authParts(parts)), checkBody())
  addV1(app, services, idempotent(services.answers, log))
  addMeRoute(app, parts.version)
  addDocument(app, parts.base)
  addMethodGuards(app)
  return app
}

function authParts({ tokens, base, trustedProxies, failedLogins }: ApiParts): AuthParts {
  const callerOf = createCallerOf(trustedProxies)
  const cookie = createSessionCookie(base, callerOf)
  return {
    tokens,
    roleOfLogin: (c) => roleOfSession(tokens, cookie.read(c)),
    addressOf: (c) => callerOf(c).address,
    failedLogins,
  }
}

function addV1(app: ApiApp, services: ApiServices, once: MiddlewareHandler<ApiEnv>): void {
  addFunctionRoutes(app, services.functions)
  addObjectRoutes(app, services.objects)
  addRunRoutes(app, services, once)
  addLiveRoutes(app, services.live)
  addSearchRoute(app, services.search)
  addResultRoutes(app, services.results)
  addFileRoutes(app, services.files)
  addUploadRoutes(app, services.uploads)
  addDeadLetterRoutes(app, services.deadLetters, once)
  addReprocessRoute(app, services.reprocess, once)
  addJobRoutes(app, services.jobs)
  addSweepRoutes(app, services.sweep, once)
  addStreamRoutes(app, services.streams, services.streamMedia)
}

function measure({ seconds, inFlight }: ApiParts): MiddlewareHandler<ApiEnv> {
  return async function measure(c, next) {
    const end = seconds.startTimer({ method: c.req.method })
    inFlight.inc()
    try {
      await next()
    } finally {
      inFlight.dec()
    }
    // The pattern, never the path: labels are bounded.
    const route = c.res.status === 404 ? 'unknown' : routePath(c, -1)
    end({ route, status_class: `${Math.floor(c.res.status / 100)}xx` })
  }
}

/** Hono's `onError` sees only errors, and some libraries throw other things. */
const onlyErrors: MiddlewareHandler<ApiEnv> = async (_, next) => {
  try {
    await next()
  } catch (thrown) {
    throw new Error(`thrown: ${inspect(thrown)}`, { cause: thrown })
  }
}

/** Sets the request id and `nosniff` on every answer, also on those that Hono did not make itself. */
const nameRequest: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next()
  c.header('x-request-id', c.var.requestId)
  c.header('x-content-type-options', 'nosniff')
}

/** Paths in answers start at the API, wherever that is; `Location` alone has to be whole, as clients follow it by themselves. */
function locationsBelow(base: string): MiddlewareHandler<ApiEnv> {
  return async function locationsBelow(c, next) {
    await next()
    const location = c.res.headers.get('location')
    if (base !== '' && location?.startsWith('/v1/') === true) c.header('location', `${base}${location}`)
  }
}

const noStore: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next()
  if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
}
