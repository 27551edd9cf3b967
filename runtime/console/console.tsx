/** The console: pages for people, over the same services as the HTTP interface. @module */
import { Hono, type Context, type MiddlewareHandler } from 'hono'
import { guardFromBrowsers } from '../api/http/guards.ts'
import type { ApiEnv } from '../api/http/env.ts'
import { RefusedError, answerError } from '../api/http/problem.ts'
import type { ApiServices } from '../api/services.ts'
import type { Tokens } from '../settings/config.ts'
import { hasTokens } from '../settings/token-roles.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createAssets } from './assets.ts'
import { contentPolicy, fromOwnPages, securityHeaders } from './headers.ts'
import type { ConsoleEnv } from './env.ts'
import { addLogin, authenticated } from './login.tsx'
import { leaveNotice, takeNotice } from './notice.ts'
import { ErrorPage } from './pages/alone.tsx'
import { ObjectPage } from './pages/object.tsx'
import { Overview, readOverview } from './pages/overview.tsx'
import { RunPage } from './pages/run.tsx'
import { runQueryOf, Runs, sinceMsOf } from './pages/runs.tsx'
import { createShow, isPart } from './show/show.tsx'
import { setNextTheme, themeOf } from './theme.ts'
import type { Viewer } from './viewer.ts'

export interface ConsoleParts {
  readonly services: ApiServices
  readonly tokens: Tokens
  /** Precedes every path: empty, or such as `/sluice` behind a proxy. */
  readonly base: string
  readonly log: Logger
}

const PAGE_SIZE = 50

export function createConsole(parts: ConsoleParts): Hono<ConsoleEnv> {
  const { services, tokens, base, log } = parts
  const app = new Hono<ConsoleEnv>()
  const assets = createAssets()
  app.onError(async (error, c) => {
    const problem = answerError(error, c as unknown as Context<ApiEnv>, log)
    if (isPart(c)) return problem
    const { detail } = (await problem.json()) as { detail: string }
    return c.html(
      <ErrorPage text={detail} viewer={viewerOf(c)} isPassing={problem.status === 503} />,
      problem.status as 500,
      retryAfterOf(problem),
    )
  })
  app.use(securityHeaders(contentPolicy()))
  if (!hasTokens(tokens)) app.use(guardFromBrowsers() as unknown as MiddlewareHandler<ConsoleEnv>)
  app.get('/assets/:path{.+}', (c) => assets.answer(c, c.req.param('path')))
  app.use(fromOwnPages)
  addLogin(app, parts)
  app.post('/theme', (c) => {
    setNextTheme(c, base)
    return goBack(c)
  })
  app.use(authenticated(parts))

  function viewerOf(c: Context<ConsoleEnv>): Viewer {
    return {
      // An error may come before it is known.
      role: c.get('role') ?? 'reader',
      base,
      path: c.req.path,
      theme: themeOf(c),
      hasLogin: hasTokens(tokens),
      notice: takeNotice(c, base),
    }
  }

  const page = createShow(viewerOf)

  app.get(
    '/',
    page(async (_, viewer) => ({
      title: 'Overview',
      live: 'all',
      children: <Overview facts={await readOverview(services)} viewer={viewer} />,
    })),
  )
  app.get(
    '/runs',
    page(async (c, viewer) => {
      const query = runQueryOf(new URL(c.req.url).searchParams)
      const { function: name, prefix, status, cursor } = query
      const filter = {
        function: name,
        prefix,
        sinceMs: sinceMsOf(query),
        ...(status.length > 0 && { status }),
      }
      const [runs, functions] = await Promise.all([
        services.runs.list(filter, { limit: PAGE_SIZE, cursor }),
        services.functions.list(),
      ])
      const functionNames = functions.map((each) => each.name)
      return {
        title: 'Runs',
        // Older pages are not changed by what happens now.
        live: cursor === undefined ? 'all' : undefined,
        children: <Runs query={query} page={runs} functionNames={functionNames} viewer={viewer} />,
      }
    }),
  )
  app.get(
    '/runs/:id',
    page(async (c, viewer) => {
      const run = await services.runs.get(c.req.param('id') ?? '')
      if (!run) return undefined
      const definition = await services.functions.get(run.function)
      const facts = { run, maxAttempts: definition?.retry.attempts }
      return {
        title: `${run.function}: ${run.object.key}`,
        live: `run:${run.id}`,
        children: <RunPage facts={facts} viewer={viewer} />,
      }
    }),
  )
  app.get(
    '/objects/:bucket',
    page(async (c, viewer) => {
      const key = c.req.query('key') ?? ''
      if (key === '') return undefined
      const view = await services.objects.view(c.req.param('bucket') ?? '', key)
      return {
        title: key,
        live: `object:${view.bucket}/${key}`,
        children: <ObjectPage view={view} viewer={viewer} />,
      }
    }),
  )
  app.post('/functions/:name/:deed{pause|resume}', (c) =>
    change(c, async () => {
      const { name, deed } = c.req.param()
      if (deed === 'pause') await services.functions.pause(name)
      else await services.functions.resume(name)
      return deed === 'pause' ? `${name} is paused: uploads wait.` : `${name} starts runs again.`
    }),
  )
  app.notFound((c) => c.html(<ErrorPage text="There is nothing here" viewer={viewerOf(c)} />, 404))
  return app

  /** Does it, says on the next page what was done or why not, and goes back to where it was asked for. */
  async function change(c: Context<ConsoleEnv>, deed: () => Promise<string>): Promise<Response> {
    try {
      leaveNotice(c, base, { text: await deed(), isBad: false })
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      leaveNotice(c, base, { text: error.message, isBad: true })
    }
    return goBack(c)
  }

  function goBack(c: Context<ConsoleEnv>): Response {
    const from = c.req.header('referer')
    const page = from !== undefined && URL.canParse(from) ? new URL(from) : undefined
    const isOurs = page?.host === c.req.header('host')
    return c.redirect(page && isOurs ? page.pathname + page.search : `${base}/`, 303)
  }
}

function retryAfterOf({ headers }: Response): Record<string, string> {
  const seconds = headers.get('retry-after')
  return seconds === null ? {} : { 'retry-after': seconds }
}
