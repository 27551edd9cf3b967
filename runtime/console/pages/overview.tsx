/** The first page: whether all is well, and what is going on. @module */
import type { FunctionView } from '../../api/functions/model.ts'
import type { Run, RunDetail } from '../../api/runs/model.ts'
import type { ApiServices } from '../../api/services.ts'
import { printable } from '../../printable.ts'
import { runHref } from '../links.ts'
import { ObjectLink, RunProgress, Time } from '../parts/parts.tsx'
import type { Viewer } from '../viewer.ts'
import { mayOperate } from '../viewer.ts'
import { countText, firstLine } from '../words.ts'

export interface OverviewFacts {
  readonly functions: readonly FunctionView[]
  readonly running: readonly Run[]
  /** The newest. */
  readonly dead: readonly RunDetail[]
}

const LISTED = 8

export async function readOverview({
  functions,
  runs,
  deadLetters,
}: Pick<ApiServices, 'functions' | 'runs' | 'deadLetters'>): Promise<OverviewFacts> {
  const [views, running, dead] = await Promise.all([
    functions.list(),
    runs.list({ status: ['running'] }, { limit: LISTED }),
    deadLetters.list({}, { limit: LISTED }),
  ])
  return { functions: views, running: running.items, dead: dead.items }
}

export function Overview({ facts, viewer }: { readonly facts: OverviewFacts; readonly viewer: Viewer }) {
  const { functions } = facts
  const { base } = viewer
  const sum = (count: (view: FunctionView) => number) =>
    functions.reduce((total, view) => total + count(view), 0)
  const dead = sum(({ queue }) => queue.dead)
  const waiting = sum(({ queue }) => queue.waiting + queue.backfill)
  const running = sum(({ queue }) => queue.running)
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <Warnings functions={functions} />
      <ul class="figures">
        <Figure href={`${base}/runs?status=running`} count={running} name="running" tone="run" />
        <Figure href={`${base}/runs?status=queued`} count={waiting} name="waiting" tone="wait" />
        <Figure
          href={`${base}/runs?status=dead`}
          count={dead}
          name={dead === 1 ? 'dead letter' : 'dead letters'}
          tone="dead"
        />
      </ul>
      <section aria-labelledby="functions">
        <h2 id="functions">Functions</h2>
        <div class="scroll">
          <table class="functions">
            <thead>
              <tr>
                <th>Name</th>
                <th class="num">Running</th>
                <th class="num">Waiting</th>
                <th class="num">Dead</th>
                <th class="num">Workers</th>
                {mayOperate(viewer) && (
                  <th class="end">
                    <span class="hidden">Pause</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {functions.map((view) => (
                <FunctionRow view={view} viewer={viewer} />
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <div class="columns">
        <Running runs={facts.running} base={base} />
        <GivenUp runs={facts.dead} base={base} />
      </div>
    </>
  )
}

/** What people would wonder about later: nothing runs, and nothing fails. */
function Warnings({ functions }: Pick<OverviewFacts, 'functions'>) {
  const idle = functions.filter(({ workers }) => workers === 0).map(({ name }) => name)
  const paused = functions.filter(({ isPaused }) => isPaused).map(({ name }) => name)
  return (
    <>
      {idle.length > 0 && (
        <p class="notice bad">
          No worker serves {idle.join(', ')}: uploads for {idle.length === 1 ? 'it' : 'them'} wait. Start one:{' '}
          <code>sluice worker --functions {idle.join(',')}</code>
        </p>
      )}
      {paused.length > 0 && (
        <p class="notice">
          {paused.join(', ')} {paused.length === 1 ? 'is' : 'are'} paused: uploads are accepted and wait.
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

function FunctionRow({ view, viewer }: { readonly view: FunctionView; readonly viewer: Viewer }) {
  const { name, queue } = view
  const runsHref = `${viewer.base}/runs?function=${name}`
  return (
    <tr id={`function-${name}`} class={view.isPaused ? 'paused' : undefined}>
      <td>
        <a class="name" href={runsHref}>
          {name}
        </a>
        <small class="quiet"> version {view.version}</small>
      </td>
      <Count count={queue.running} href={`${runsHref}&status=running`} name="running" />
      <Count count={queue.waiting} href={`${runsHref}&status=queued`} name="waiting">
        {queue.backfill > 0 && <small class="quiet"> +{countText(queue.backfill)} backfill</small>}
      </Count>
      <Count count={queue.dead} href={`${runsHref}&status=dead`} name="dead" tone="bad" />
      <td class={view.workers === 0 ? 'num bad' : 'num'} data-name="workers">
        {view.workers}
        <small class="quiet"> × {view.concurrency}</small>
      </td>
      {mayOperate(viewer) && (
        <td class="end">
          <PauseSwitch view={view} base={viewer.base} />
        </td>
      )}
    </tr>
  )
}

function Count(props: {
  readonly count: number
  readonly href: string
  readonly name: string
  readonly tone?: string
  readonly children?: unknown
}) {
  const { count, href, name, tone = '' } = props
  return (
    <td class={count > 0 ? `num ${tone}` : 'num'} data-name={name}>
      {count > 0 ? <a href={href}>{countText(count)}</a> : <span class="quiet">0</span>}
      {props.children}
    </td>
  )
}

function PauseSwitch({ view, base }: { readonly view: FunctionView; readonly base: string }) {
  const deed = view.isPaused ? 'resume' : 'pause'
  return (
    <form method="post" action={`${base}/functions/${view.name}/${deed}`} data-act>
      <button
        class="switch"
        role="switch"
        aria-checked={view.isPaused ? 'false' : 'true'}
        aria-label={`${view.name} starts runs`}
      >
        <i aria-hidden="true"></i>
        <span>{view.isPaused ? 'Paused' : 'On'}</span>
      </button>
    </form>
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

function GivenUp({ runs, base }: { readonly runs: readonly RunDetail[]; readonly base: string }) {
  return (
    <section aria-labelledby="given-up">
      <h2 id="given-up">Given up lately</h2>
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
