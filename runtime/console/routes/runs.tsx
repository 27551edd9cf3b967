/** Runs: listed by filter, one by one, run again and cancelled. @module */
import type { Hono } from 'hono'
import { RefusedError } from '../../api/http/problem.ts'
import type { ConsoleEnv } from '../env.ts'
import { fieldsOf } from '../form.ts'
import type { Frame } from '../frame.tsx'
import { RunPage } from '../pages/run.tsx'
import { runQueryOf, Runs, sinceMsOf } from '../pages/runs.tsx'
import { countText } from '../words.ts'

const PAGE_SIZE = 50
const CHOSEN_AT_ONCE = 1_000

export function addRunRoutes(app: Hono<ConsoleEnv>, { parts, page, change }: Frame): void {
  const { services } = parts

  app.get(
    '/runs',
    page(async (c, viewer) => {
      const query = runQueryOf(new URL(c.req.url).searchParams)
      const { function: name, contains, prefix, status, cursor } = query
      const filter = {
        function: name,
        contains,
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
        // Older pages do not change but for the rows that go.
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

  app.post('/runs/chosen', async (c) => {
    const fields = await fieldsOf(c)
    const ids = [...new Set(fields.all('run'))]
    return change(c, () => changeChosen(ids, fields.one('do') === 'cancel' ? 'cancel' : 'retry'))
  })

  app.post('/runs/:id/:deed{retry|cancel}', async (c) => {
    const { id, deed } = c.req.param()
    const fields = await fieldsOf(c)
    return change(c, async () => {
      if (deed === 'cancel') {
        const { status } = await services.runs.cancel(id)
        return status === 'cancelled' ? 'It is cancelled.' : 'Its worker ends it within seconds.'
      }
      await services.runs.retry(id, { force: fields.has('force') })
      return 'It waits to run again, behind uploads.'
    })
  })

  /** Each for itself: one that is refused holds up no other. */
  async function changeChosen(ids: readonly string[], deed: 'retry' | 'cancel'): Promise<string> {
    if (ids.length === 0) throw new RefusedError('impossible', 'no run was chosen')
    if (ids.length > CHOSEN_AT_ONCE)
      throw new RefusedError('impossible', `choose at most ${countText(CHOSEN_AT_ONCE)} runs at a time`)
    const refusals: string[] = []
    for (const id of ids) {
      try {
        await (deed === 'cancel' ? services.runs.cancel(id) : services.runs.retry(id, { force: false }))
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error
        refusals.push(error.message)
      }
    }
    const done = ids.length - refusals.length
    const doneText = `${countText(done)} ${done === 1 ? 'run' : 'runs'} ${deed === 'cancel' ? 'cancelled' : 'run again, behind uploads'}`
    const [first] = refusals
    if (first === undefined) return `${doneText}.`
    const text = `${doneText}; ${countText(refusals.length)} refused: ${first}`
    if (done === 0) throw new RefusedError('conflict', text)
    return text
  }
}
