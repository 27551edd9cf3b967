/** The overview, and the switches of functions on it. @module */
import type { Hono } from 'hono'
import type { ConsoleEnv } from '../env.ts'
import { createFirstFiles } from '../first-files.ts'
import type { Frame } from '../frame.tsx'
import { Overview, readOverview } from '../pages/overview.tsx'
import { FirstSteps } from '../parts/first-steps.tsx'

export function addFunctionRoutes(app: Hono<ConsoleEnv>, { parts, page, change }: Frame): void {
  const { services, around } = parts
  const firstFiles = createFirstFiles(services.runs)
  app.get(
    '/',
    page(async (_, viewer) => {
      const facts = await readOverview(services)
      const first = await firstFiles(facts.functions)
      return {
        title: 'Overview',
        live: 'all',
        children: (
          <Overview facts={facts} viewer={viewer}>
            {first && <FirstSteps first={first} around={around} viewer={viewer} />}
          </Overview>
        ),
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
}
