/** Whether the runtime itself is well: the servers it needs, what waits, the sweep, and jobs on many runs. @module */
import type { Check } from '../../api/health.ts'
import type { Job } from '../../api/jobs/model.ts'
import type { SweepPass } from '../../api/sweep/model.ts'
import { printable } from '../../printable.ts'
import type { OverviewService } from '../../api/overview/service.ts'
import { absentOnly } from '../absent.ts'
import type { ConsoleParts } from '../frame.tsx'
import { dashboardHref } from '../links.ts'
import { JobTable } from '../parts/job-table.tsx'
import { Fact } from '../parts/parts.tsx'
import { SweepSection } from '../parts/sweep-section.tsx'
import type { Viewer } from '../viewer.ts'
import { countText } from '../words.ts'

export interface SystemFacts {
  readonly checks: readonly Check[]
  readonly version: string
  readonly tools: Readonly<Record<string, string>>
  /** Undefined, like the two below, while the server that knows it does not answer. */
  readonly totals: Awaited<ReturnType<OverviewService['totals']>> | undefined
  readonly passes: readonly SweepPass[] | undefined
  readonly jobs: readonly Job[] | undefined
}

const JOBS = 10

/** This page must be there also while Redis or MinIO is not: it says which. */
export async function readSystem(parts: ConsoleParts): Promise<SystemFacts> {
  const { services } = parts
  const [checks, tools, totals, passes, jobs] = await Promise.all([
    parts.health(),
    parts.tools(),
    services.overview.totals().catch(absentOnly),
    services.sweep.view().then((view) => view.passes, absentOnly),
    services.jobs.list({ limit: JOBS }).then((page) => page.items, absentOnly),
  ])
  return { checks, version: parts.version, tools, totals, passes, jobs }
}

const CHECK_NAMES: Readonly<Record<Check['name'], string>> = {
  redis: 'Redis',
  minio: 'MinIO',
  groups: 'Queues',
}

export function System({ facts, viewer }: { readonly facts: SystemFacts; readonly viewer: Viewer }) {
  return (
    <>
      <header class="head">
        <h1>System</h1>
        <nav class="links" aria-label="Elsewhere">
          <a href={`${viewer.base}/metrics`}>Metrics</a>
          <a href={`${viewer.base}/openapi.json`}>API</a>
          {viewer.grafanaUrl !== undefined && (
            <a href={dashboardHref(viewer.grafanaUrl, 'sluice-health')}>Grafana</a>
          )}
        </nav>
      </header>
      <ul class="checks">
        {facts.checks.map(({ name, ok, detail }) => (
          <li class={ok ? 's-succeeded' : 's-dead'}>
            <i aria-hidden="true"></i>
            <b>{CHECK_NAMES[name]}</b> {ok ? 'OK' : printable(detail ?? 'does not answer')}
          </li>
        ))}
      </ul>
      <dl class="facts">
        <Fact name="Sluice">{facts.version}</Fact>
        {Object.entries(facts.tools).map(([name, text]) => (
          <Fact name={name === 'ffmpeg' ? 'FFmpeg' : name}>{printable(text)}</Fact>
        ))}
        {facts.totals !== undefined && <Totals totals={facts.totals} />}
      </dl>
      <SweepSection passes={facts.passes} viewer={viewer} />
      <JobTable jobs={facts.jobs} viewer={viewer} />
    </>
  )
}

/** What waits, with the meaning of each number as its title. */
function Totals({ totals }: { readonly totals: NonNullable<SystemFacts['totals']> }) {
  return (
    <>
      <Fact name="Notifications waiting">{countText(totals.inbox)}</Fact>
      <Fact name="Notifications set aside as malformed">
        <span class={totals.bad > 0 ? 'bad' : undefined}>{countText(totals.bad)}</span>
      </Fact>
      <Fact name="Verdicts to write">{countText(totals.verdicts)}</Fact>
      <Fact name="Cleanups to do">{countText(totals.cleanups)}</Fact>
      <Fact name="Verdicts and cleanups set aside">
        <span class={totals.aside > 0 ? 'bad' : undefined}>{countText(totals.aside)}</span>
      </Fact>
    </>
  )
}
