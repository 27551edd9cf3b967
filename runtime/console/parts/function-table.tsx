/** Functions in a table: their last hour, what waits, who serves them, and a switch that pauses each. @module */
import type { FunctionView } from '../../api/functions/model.ts'
import { dashboardHref } from '../links.ts'
import { mayOperate, type Viewer } from '../viewer.ts'
import { countText } from '../words.ts'
import { Spark, type Rates } from './spark.tsx'

interface TableProps {
  readonly functions: readonly FunctionView[]
  readonly viewer: Viewer
}

export function FunctionTable({ functions, viewer }: TableProps) {
  return (
    <section aria-labelledby="functions">
      <h2 id="functions">
        Functions <small>last hour</small>
      </h2>
      {functions.length === 0 ? (
        <p class="empty">No function is served here: list some in functions/index.ts.</p>
      ) : (
        <div class="scroll">
          <table class="functions">
            <thead>
              <tr>
                <th>Name</th>
                <th class="spark-cell">Attempts a minute</th>
                <th class="num">Done</th>
                <th class="num">Failed</th>
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
                <Row view={view} viewer={viewer} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {viewer.grafanaUrl !== undefined && (
        <p class="quiet">
          <a href={dashboardHref(viewer.grafanaUrl, 'sluice-video')}>Over days, in Grafana</a>
        </p>
      )}
    </section>
  )
}

function Row({ view, viewer }: { readonly view: FunctionView; readonly viewer: Viewer }) {
  const { name, queue, lastHour: rates } = view
  const { base } = viewer
  const runsHref = `${base}/runs?function=${encodeURIComponent(name)}`
  return (
    <tr id={`function-${name}`} class={view.isPaused ? 'paused' : undefined}>
      <td>
        <a class="name" href={runsHref}>
          {name}
        </a>
        <small class="quiet"> v{view.version}</small>
      </td>
      <td class="spark-cell">
        <Spark rates={rates} />
      </td>
      <td class="num" data-name="done">
        {rates.done > 0 ? countText(rates.done) : <span class="quiet">0</span>}
      </td>
      <Failed rates={rates} />
      <Count count={queue.running} href={`${runsHref}&status=running`} name="running" />
      <Count count={queue.waiting} href={`${runsHref}&status=queued`} name="waiting">
        {queue.backfill > 0 && (
          <small class="quiet" title="run again, or found by the sweep: they wait behind uploads">
            {' '}
            +{countText(queue.backfill)} behind
          </small>
        )}
      </Count>
      <Count
        count={queue.dead}
        href={`${base}/dead-letters?function=${encodeURIComponent(name)}`}
        name="dead"
        tone="bad"
      />
      <td class={view.workers === 0 ? 'num bad' : 'num'} data-name="workers">
        {view.workers}
        <small class="quiet"> × {view.concurrency}</small>
      </td>
      {mayOperate(viewer) && (
        <td class="end">
          <PauseSwitch view={view} base={base} />
        </td>
      )}
    </tr>
  )
}

function Failed({ rates }: { readonly rates: Rates }) {
  const failed = rates.failed + rates.dead
  const percent = Math.round((failed / (failed + rates.done)) * 100)
  return (
    <td class={failed > 0 ? 'num bad' : 'num quiet'} data-name="failed">
      {countText(failed)}
      {failed > 0 && <small class="quiet"> ({percent} %)</small>}
    </td>
  )
}

function Count(props: {
  readonly count: number
  readonly href: string
  readonly name: string
  readonly tone?: string
  readonly children?: unknown
}) {
  const { count, href, name, tone } = props
  return (
    <td class={count > 0 && tone !== undefined ? `num ${tone}` : 'num'} data-name={name}>
      {count > 0 ? <a href={href}>{countText(count)}</a> : <span class="quiet">0</span>}
      {props.children}
    </td>
  )
}

function PauseSwitch({ view, base }: { readonly view: FunctionView; readonly base: string }) {
  const deed = view.isPaused ? 'resume' : 'pause'
  return (
    <form method="post" action={`${base}/functions/${encodeURIComponent(view.name)}/${deed}`} data-act>
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
