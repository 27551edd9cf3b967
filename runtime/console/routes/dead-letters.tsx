/** Dead letters by kind; run again, or removed from the list, after a look at what that would be. @module */
import type { Hono } from 'hono'
import { purgeRequest, redriveRequest } from '../../api/dead-letters/model.ts'
import type { DeadLetterFilter } from '../../api/dead-letters/service.ts'
import type { PageRequest } from '../../api/http/page.ts'
import { RefusedError } from '../../api/http/problem.ts'
import type { ConsoleEnv } from '../env.ts'
import { fieldsOf, valid, type Fields } from '../form.ts'
import { assertAdmin, type Frame } from '../frame.tsx'
import { DeadLetters } from '../pages/dead-letters.tsx'
import { PurgePreview, RedrivePreview } from '../pages/letter-preview.tsx'
import { letterQueryOf, type LetterQuery } from '../parts/letter-query.tsx'
import { createRecentKinds } from '../recent-kinds.ts'
import { countedText } from '../words.ts'

/** Dead letters that one page looks at. */
const LOOKED_AT = 1_000
/** Files that the page of one kind lists. */
const LISTED = 200

export function addDeadLetterRoutes(app: Hono<ConsoleEnv>, { parts, page, change }: Frame): void {
  const { deadLetters, functions, overview } = parts.services
  const recentKinds = createRecentKinds({
    kinds: (filter, request) => deadLetters.kinds(filter, request),
    deadCount: () => overview.deadCount(),
  })

  app.get(
    '/dead-letters',
    page(async (c, viewer) => {
      const query = letterQueryOf((name) => c.req.query(name) ?? '')
      const [found, served] = await Promise.all([recentKinds(...asked(query)), functions.list()])
      const items = found.items.filter(({ id }) => query.kind === undefined || id === query.kind)
      const [only] = query.kind === undefined ? [] : items
      const facts = {
        query,
        page: { ...found, items },
        runs: only && (await overview.runs(only.runs.slice(0, LISTED))),
        functionNames: served.map(({ name }) => name),
      }
      return {
        title: 'Dead letters',
        live: query.cursor === undefined ? 'all' : undefined,
        children: <DeadLetters facts={facts} viewer={viewer} />,
      }
    }),
  )

  app.post('/dead-letters/redrive', async (c) => {
    const fields = await fieldsOf(c)
    const ids = await chosenIds(fields)
    const isConfirmed = fields.has('confirmed')
    const ratePerSecond = fields.one('rate') === '' ? undefined : Number(fields.one('rate'))
    const request = valid(redriveRequest, {
      runs: ids,
      limit: ids.length,
      dryRun: !isConfirmed,
      ratePerSecond,
    })
    const answer = await deadLetters.redrive(request)
    if ('id' in answer)
      return change(
        c,
        () => Promise.resolve(`${countedText(answer.total, 'run')} will run again, behind uploads.`),
        `/jobs/${answer.id}`,
      )
    return page((_, viewer) =>
      Promise.resolve({
        title: 'Run again',
        children: <RedrivePreview preview={answer} runs={ids} viewer={viewer} />,
      }),
    )(c)
  })

  app.post('/dead-letters/purge', async (c) => {
    assertAdmin(c)
    const fields = await fieldsOf(c)
    const ids = await chosenIds(fields)
    const isConfirmed = fields.has('confirmed')
    const request = valid(purgeRequest, { runs: ids, limit: ids.length, dryRun: !isConfirmed })
    const { purged } = await deadLetters.purge(request)
    if (isConfirmed)
      return change(
        c,
        () => Promise.resolve(`${countedText(purged, 'dead letter')} removed from the list.`),
        '/dead-letters',
      )
    return page((_, viewer) =>
      Promise.resolve({
        title: 'Remove',
        children: <PurgePreview purged={purged} runs={ids} viewer={viewer} />,
      }),
    )(c)
  })

  /**
   * Of the runs and the kinds that a form names; once it is confirmed, of the runs that were shown alone.
   *
   * @throws {RefusedError} when there are none
   */
  async function chosenIds(fields: Fields): Promise<readonly string[]> {
    const kinds = new Set(fields.has('confirmed') ? [] : fields.all('kind'))
    const ids = [...fields.all('run')]
    if (kinds.size > 0) {
      const found = await deadLetters.kinds(...asked(letterQueryOf((name) => fields.one(name))))
      for (const kind of found.items) if (kinds.has(kind.id)) ids.push(...kind.runs)
    }
    if (ids.length === 0)
      throw new RefusedError('impossible', 'no dead letter is chosen, or they are gone: open the page again')
    return [...new Set(ids)]
  }
}

function asked(query: LetterQuery): [DeadLetterFilter, PageRequest] {
  const { function: name, reason, contains, prefix, cursor } = query
  return [
    { function: name, reason, contains, prefix },
    { limit: LOOKED_AT, cursor },
  ]
}
