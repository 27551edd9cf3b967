/** What the routes of all pages share: content becomes a page, and a change becomes a sentence on the next one. @module */
import type { Context } from 'hono'
import type { Check } from '../api/health.ts'
import { answerError, ProblemError, RefusedError } from '../api/http/problem.ts'
import type { FailedLogins } from '../api/login/failed-logins.ts'
import type { ApiServices } from '../api/services.ts'
import type { Tokens } from '../settings/config.ts'
import { hasTokens } from '../settings/token-roles.ts'
import type { Network } from '../settings/trusted-proxies.ts'
import type { Logger } from '../telemetry/logger.ts'
import { absentOnly } from './absent.ts'
import type { ConsoleEnv } from './env.ts'
import type { Surroundings } from './first-files.ts'
import { leaveNotice, takeNotice } from './notice.ts'
import { ErrorPage } from './pages/alone.tsx'
import { createShow, isPart, type Draw } from './show/show.tsx'
import { themeOf } from './theme.ts'
import type { Viewer } from './viewer.ts'

export interface ConsoleParts {
  readonly services: ApiServices
  readonly tokens: Tokens
  /** Precedes every path: empty, or such as `/sluice` behind a proxy. */
  readonly base: string
  /** Where browsers upload to, such as `https://s3.example.org`; undefined: uploads are off. */
  readonly storeOrigin?: string | undefined
  /** Networks of proxies whose headers about callers are believed. */
  readonly trustedProxies: readonly Network[]
  readonly failedLogins: FailedLogins
  /** Where people reach Grafana: a URL, or a path of this host; without a slash at the end. */
  readonly grafanaUrl?: string | undefined
  /** The stack around the console, for the lines that an empty one shows. */
  readonly around: Surroundings
  readonly log: Logger
  readonly version: string
  /** The tools that functions use, such as `{ ffmpeg: '5.1.9 (path)' }`. */
  readonly tools: () => Promise<Readonly<Record<string, string>>>
  readonly health: () => Promise<readonly Check[]>
}

export type PageContext = Context<ConsoleEnv>
export type Frame = ReturnType<typeof createFrame>

export function createFrame(parts: ConsoleParts) {
  const { services, base, log } = parts

  function viewerOf(c: PageContext): Viewer {
    return {
      // An error may come before it is known.
      role: c.get('role') ?? 'reader',
      base,
      path: c.req.path,
      theme: themeOf(c),
      hasLogin: hasTokens(parts.tokens),
      hasUploads: parts.storeOrigin !== undefined,
      grafanaUrl: parts.grafanaUrl,
      notice: takeNotice(c, base),
    }
  }

  const show = createShow(viewerOf)

  /** A route that answers with a page, made by `draw`, and the number of dead letters that every page has. */
  function page(draw: Draw) {
    return show(async (c, viewer) => {
      const counting = services.overview.deadCount().catch(absentOnly)
      const [content, deadCount] = await Promise.all([draw(c, viewer), counting])
      return content && { ...content, deadCount }
    })
  }

  function lost(c: PageContext): Response | Promise<Response> {
    return c.html(<ErrorPage text="There is nothing here" viewer={viewerOf(c)} />, 404)
  }

  async function failed(error: Error, c: PageContext): Promise<Response> {
    const problem = answerError(error, c, log)
    if (isPart(c)) return problem
    const { detail } = (await problem.json()) as { detail: string }
    const retryAfter = problem.headers.get('retry-after')
    return c.html(
      <ErrorPage text={detail} viewer={viewerOf(c)} isPassing={problem.status === 503} />,
      problem.status as 500,
      retryAfter === null ? {} : { 'retry-after': retryAfter },
    )
  }

  /**
   * Does it, says on the next page what was done or why not, and goes back to where it was asked for.
   *
   * @param to - the path of the next page once it is done, instead of the one that it was asked from
   */
  async function change(c: PageContext, deed: () => Promise<string>, to?: string): Promise<Response> {
    try {
      leaveNotice(c, base, { text: await deed(), isBad: false })
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      leaveNotice(c, base, { text: error.message, isBad: true })
      return goBack(c)
    }
    return to === undefined ? goBack(c) : c.redirect(`${base}${to}`, 303)
  }

  function goBack(c: PageContext): Response {
    const from = c.req.header('referer')
    const page = from !== undefined && URL.canParse(from) ? new URL(from) : undefined
    // A path that begins with two slashes would be another host.
    const isOurs = page?.host === c.req.header('host') && page?.pathname.startsWith('//') === false
    return c.redirect(page && isOurs ? page.pathname + page.search : `${base}/`, 303)
  }

  return { parts, viewerOf, page, lost, failed, change, goBack }
}

/** For a page that is of no use to readers. @throws {ProblemError} 403 */
export function assertOperator(c: PageContext): void {
  if (c.get('role') !== 'reader') return
  throw new ProblemError(403, 'the role operator is required; you are logged in as reader')
}

/** @throws {ProblemError} 403 */
export function assertAdmin(c: PageContext): void {
  if (c.get('role') === 'admin') return
  throw new ProblemError(403, `the role admin is required; you are logged in as ${c.get('role')}`)
}
