/** The first page: whether all is well, and what is going on. @module */
import type { Child } from 'hono/jsx'
import type { FunctionView } from '../../api/functions/model.ts'
import type { Run, RunDetail } from '../../api/runs/model.ts'
import type { ApiServices } from '../../api/services.ts'
import { printable } from '../../printable.ts'
import { runHref } from '../links.ts'
import { FunctionTable } from '../parts/function-table.tsx'
import { ObjectLink, RunProgress, Time } from '../parts/parts.tsx'
import type { Viewer } from '../viewer.ts'
import { countText, firstLine, namesText } from '../words.ts'

export interface OverviewFacts {
  readonly functions: readonly FunctionView[]
  /** The latest start first. */
  readonly running: readonly Run[]
  /** The newest. */
  readonly dead: readonly RunDetail[]
  /** Runs that wait for another attempt. */
  readonly retrying: number
  /** Notifications that no run was made of yet. */
  readonly inbox: number
}

const LISTED = 8

export async function readOverview(services: OverviewServices): Promise<OverviewFacts> {
  const [functions, running, dead, { delayed, inbox }] = await Promise.all([
    services.functions.list(),
    services.runs.running(LISTED),
    services.deadLetters.list({}, { limit: LISTED }),
    services.overview.totals(),
  ])
  return { functions, running, dead: dead.items, retrying: delayed, inbox }
}

type OverviewServices = Pick<ApiServices, 'functions' | 'runs' | 'overview' | 'deadLetters'>

export function Overview(props: {
  readonly facts: OverviewFacts
  readonly viewer: Viewer
  /** Between the warnings and the figures. */
  readonly children?: Child
}) {
  const { facts, viewer, children } = props
  const { functions } = facts
  const { base } = viewer
  const sum = (count: (view: FunctionView) => number) =>
    functions.reduce((total, view) => total + count(view), 0)
  const dead = sum(({ queue }) => queue.dead)
  const waiting = sum(({ queue }) => queue.waiting + queue.backfill) + facts.inbox
  const running = sum(({ queue }) => queue.running)
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <Warnings functions={functions} />
      {children}
      <ul class="figures">
        <Figure href={`${base}/runs?status=running`} count={running} name="running" tone="run" />
        <Figure href={`${base}/runs?status=queued`} count={waiting} name="waiting" tone="wait" />
        <Figure href={`${base}/runs?status=retrying`} count={facts.retrying} name="retrying" tone="retry" />
        <Figure
          href={`${base}/dead-letters`}
          count={dead}
          name={dead === 1 ? 'dead letter' : 'dead letters'}
          tone="dead"
        />
      </ul>
      <FunctionTable functions={functions} viewer={viewer} />
      <div class="columns">
        <Running runs={facts.running} base={base} />
        <GivenUp runs={facts.dead} count={dead} base={base} />
      </div>
    </>
  )
}

/** More names than that are no command that anyone types. */
const SPELT_OUT = 6

/** What people would wonder about later: nothing runs, and nothing fails. */
function Warnings({ functions }: Pick<OverviewFacts, 'functions'>) {
  const idle = functions.filter(({ workers }) => workers === 0).map(({ name }) => name)
  const paused = functions.filter(({ isPaused }) => isPaused).map(({ name }) => name)
  return (
    <>
      {idle.length > 0 && (
        <p class="notice bad">
          No worker serves {namesText(idle)}: uploads for {idle.length === 1 ? 'it' : 'them'} wait. Start one:{' '}
          <code>sluice worker{idle.length > SPELT_OUT ? '' : ` --functions ${idle.join(',')}`}</code>
        </p>
      )}
      {paused.length > 0 && (
        <p class="notice">
          {namesText(paused)} {paused.length === 1 ? 'is' : 'are'} paused: uploads are accepted and wait.
        </p>
      )}
    </>
  )
}

function Figure(props: {
  readonly href: string
  readonly count: number
  readonly name: string
  readonly tone: string
}) {
  return (
    <li>
      <a href={props.href} class={props.count > 0 ? `t-${props.tone}` : 'zero'}>
        <b>{countText(props.count)}</b> {props.name}
      </a>
    </li>
  )
}

function Running({ runs, base }: { readonly runs: readonly Run[]; readonly base: string }) {
  return (
    <section aria-labelledby="running">
      <h2 id="running">Running now</h2>
      {runs.length === 0 ? (
        <p class="empty">Nothing is running.</p>
      ) : (
        <ul class="rows">
          {runs.map((run) => (
            <li id={`now-${run.id}`}>
              <div>
                <ObjectLink base={base} bucket={run.object.bucket} name={run.object.key} />
                <a class="quiet plain" href={runHref(base, run.id)}>
                  {run.function}
                </a>
              </div>
              <RunProgress run={run} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function GivenUp(props: {
  readonly runs: readonly RunDetail[]
  readonly count: number
  readonly base: string
}) {
  const { runs, count, base } = props
  return (
    <section aria-labelledby="given-up">
      <h2 id="given-up">
        Given up lately
        {count > 0 && (
          <a class="more" href={`${base}/dead-letters`}>
            all {countText(count)}
          </a>
        )}
      </h2>
      {runs.length === 0 ? (
        <p class="empty">No dead letters.</p>
      ) : (
        <ul class="rows">
          {runs.map((run) => (
            <li id={`dead-${run.id}`}>
              <div>
                <ObjectLink base={base} bucket={run.object.bucket} name={run.object.key} />
                <a class="quiet plain" href={runHref(base, run.id)}>
                  {run.endedAt === undefined ? run.function : <Time at={run.endedAt} />}
                </a>
              </div>
              <p class="remark">{printable(firstLine(run.error ?? run.reason ?? ''))}</p>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
