/** A page as an answer: whole, or the part of it that a page in a browser asks for. @module */
import type { Context } from 'hono'
import { ProblemError } from '../../api/http/problem.ts'
import type { ConsoleEnv } from '../env.ts'
import { ErrorPage } from '../pages/alone.tsx'
import { Main, Page, type PageProps } from '../parts/layout.tsx'
import type { Viewer } from '../viewer.ts'
import { createSharedParts, type Part, type SharedParts } from './shared.ts'

export type Content = Omit<PageProps, 'viewer'>

/** Undefined: there is no such thing. */
export type Draw = (c: Context<ConsoleEnv>, viewer: Viewer) => Promise<Content | undefined>

/** Names the part that a script asks for: `main`, or `dialog` for the content alone. Without it a page is whole. */
const PART = 'x-part'

export const isPart = (c: Context): boolean => c.req.header(PART) !== undefined

/** A route that answers with a page, made by `draw`. Of a GET for `main`, everybody of the same role gets the same drawing. */
export function createShow(viewerOf: (c: Context<ConsoleEnv>) => Viewer) {
  const shared = createSharedParts()

  return function page(draw: Draw): (c: Context<ConsoleEnv>) => Promise<Response> {
    return async function show(c) {
      const viewer = viewerOf(c)
      const part = c.req.header(PART)
      if (part === 'main' && c.req.method === 'GET' && viewer.notice === undefined)
        return sendShared(c, shared, viewer, () => drawMain(c, viewer, draw))
      const content = await draw(c, viewer)
      if (part === 'main') return c.html(<Main viewer={viewer} {...found(content)} />)
      if (part !== undefined) return c.html(<>{found(content).children}</>)
      if (content) return c.html(<Page viewer={viewer} {...content} />)
      return c.html(<ErrorPage text="There is nothing here" viewer={viewer} />, 404)
    }
  }
}

async function drawMain(c: Context<ConsoleEnv>, viewer: Viewer, draw: Draw): Promise<string> {
  const answer = await c.html(<Main viewer={viewer} {...found(await draw(c, viewer))} />)
  return answer.text()
}

function found(content: Content | undefined): Content {
  if (content === undefined) throw new ProblemError(404, 'there is nothing here')
  return content
}

async function sendShared(
  c: Context<ConsoleEnv>,
  shared: SharedParts,
  { role, base }: Viewer,
  draw: () => Promise<string>,
): Promise<Response> {
  const { pathname, search } = new URL(c.req.url)
  const withinMs = Number(c.req.header('x-within'))
  const key = JSON.stringify([role, base, pathname, search])
  return send(c, await shared.get(key, Number.isFinite(withinMs) ? withinMs : 0, draw))
}

function send(c: Context<ConsoleEnv>, part: Part): Response {
  const headers = { etag: part.etag, vary: `accept-encoding, ${PART}` }
  if (c.req.header('x-etag') === part.etag) return c.body(null, 204, headers)
  const type = { 'content-type': 'text/html; charset=utf-8' }
  const isPacked = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(c.req.header('accept-encoding') ?? '')
  if (!isPacked) return c.body(part.html, 200, { ...headers, ...type })
  return c.body(part.gzip, 200, { ...headers, ...type, 'content-encoding': 'gzip' })
}
