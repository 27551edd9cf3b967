/** The system page, the sweep on demand, and jobs. @module */
import type { Hono } from 'hono'
import type { ConsoleEnv } from '../env.ts'
import type { Frame } from '../frame.tsx'
import { JobPage } from '../pages/job.tsx'
import { readSystem, System } from '../pages/system.tsx'

export function addSystemRoutes(app: Hono<ConsoleEnv>, { parts, page, change }: Frame): void {
  const { services } = parts

  app.get(
    '/system',
    page(async (_, viewer) => ({
      title: 'System',
      live: 'all',
      children: <System facts={await readSystem(parts)} viewer={viewer} />,
    })),
  )

  app.post('/sweep', (c) =>
    change(c, async () => {
      const answer = await services.sweep.sweep({ kind: 'full', dryRun: false })
      const waits = 'status' in answer && answer.status === 'waiting'
      return waits ? 'A full sweep is requested; it starts within seconds.' : 'A full sweep is running.'
    }),
  )

  app.get(
    '/jobs/:id',
    page(async (c, viewer) => {
      const job = await services.jobs.get(c.req.param('id') ?? '')
      return (
        job && { title: `Job: ${job.kind}`, live: 'all', children: <JobPage job={job} viewer={viewer} /> }
      )
    }),
  )

  app.post('/jobs/:id/cancel', (c) =>
    change(c, async () => {
      await services.jobs.cancel(c.req.param('id'))
      return 'The job adds no more runs, and those that wait are cancelled.'
    }),
  )
}
