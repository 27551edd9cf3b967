/** The search at the top of every page. @module */
import type { Hono } from 'hono'
import { RefusedError } from '../../api/http/problem.ts'
import { MAX_QUERY_LENGTH } from '../../api/search/model.ts'
import type { ConsoleEnv } from '../env.ts'
import type { Frame } from '../frame.tsx'
import { FindPage, oneHit } from '../pages/find.tsx'
import { countText } from '../words.ts'

export function addFindRoutes(app: Hono<ConsoleEnv>, { parts, page }: Frame): void {
  const { services, base } = parts

  app.get('/find', async (c) => {
    const text = c.req.query('q') ?? ''
    if (text.trim() === '') return c.redirect(`${base}/`, 303)
    if (text.length > MAX_QUERY_LENGTH)
      throw new RefusedError(
        'impossible',
        `a search has at most ${countText(MAX_QUERY_LENGTH)} characters: write less of the key`,
      )
    const answer = await services.search.search(text)
    const to = oneHit(answer, base)
    if (to !== undefined) return c.redirect(to, 303)
    return page(async (_, viewer) => {
      const functions = answer.items.length === 0 ? await services.functions.list() : []
      const buckets = [...new Set(functions.map(({ on }) => on.bucket))]
      return { title: text, children: <FindPage facts={{ text, answer, buckets }} viewer={viewer} /> }
    })(c)
  })
}
