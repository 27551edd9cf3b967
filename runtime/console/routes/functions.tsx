/** The overview, and the switches of functions on it. @module */
import type { Hono } from 'hono'
import type { ConsoleEnv } from '../env.ts'
import type { Frame } from '../frame.tsx'
import { Overview, readOverview } from '../pages/overview.tsx'

export function addFunctionRoutes(app: Hono<ConsoleEnv>, { parts, page, change }: Frame): void {
  const { services } = parts
  app.get(
    '/',
    page(async (_, viewer) => ({
      title: 'Overview',
      live: 'all',
      children: <Overview facts={await readOverview(services)} viewer={viewer} />,
    })),
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
