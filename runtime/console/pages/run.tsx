/** One run: its standing and reason, its attempts on one line of time, its options. @module */
import type { RunDetail } from '../../api/runs/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import { aidsOf } from '../outputs/kinds.ts'
import { Outputs } from '../outputs/outputs.tsx'
import { Act, durationText, Fact, LastLines, ObjectLink, RunProgress, Status, Time } from '../parts/parts.tsx'
import { mayOperate, type Viewer } from '../viewer.ts'
import { reasonText, spanText } from '../words.ts'
import { Timeline } from '../parts/timeline.tsx'

export interface RunFacts {
  readonly run: RunDetail
  /** Of its function; undefined when it is not served any more. */
  readonly maxAttempts: number | undefined
}

export function RunPage({ facts, viewer }: { readonly facts: RunFacts; readonly viewer: Viewer }) {
  const { run, maxAttempts } = facts
  const { base } = viewer
  const error = run.error ?? ''
  return (
    <>
      <header class="head">
        <div>
          <p class="over">
            <a href={`${base}/runs?function=${encodeURIComponent(run.function)}`}>
              {printable(run.function)}
            </a>{' '}
            on
          </p>
          <h1 class="key-title">
            <ObjectLink base={base} bucket={run.object.bucket} name={run.object.key} />
          </h1>
        </div>
        {mayOperate(viewer) && <Deeds facts={facts} base={base} />}
      </header>
      <div class="standing">
        <Status state={run.status} />
        <RunProgress run={run} />
        {run.status === 'dead' && run.reason !== undefined && (
          <span class="quiet">{reasonText(run.reason)}</span>
        )}
        {run.nextAttemptAt !== undefined && (
          <NextAttempt number={run.attempts + 1} at={run.nextAttemptAt} maxAttempts={maxAttempts} />
        )}
      </div>
      {error !== '' && <p class={run.status === 'dead' ? 'verdict' : 'verdict soft'}>{printable(error)}</p>}
      {maxAttempts === undefined && (
        <p class="notice">No function of this name is served here any more: it cannot be run again.</p>
      )}
      {run.warnings?.map((warning) => (
        <p class="notice">{printable(warning)}</p>
      ))}
      {run.resultsUnknown !== undefined && (
        <p class="notice">Its result could not be looked up: {printable(run.resultsUnknown)}</p>
      )}
      <Facts run={run} maxAttempts={maxAttempts} />
      <section aria-labelledby="attempts">
        <h2 id="attempts">Attempts</h2>
        {run.attemptLog.length === 0 ? (
          <p class="empty">None has started.</p>
        ) : (
          <Timeline attempts={run.attemptLog} createdAt={run.createdAt} nextAttemptAt={run.nextAttemptAt} />
        )}
      </section>
      {run.attemptLog.length === 0 && <LastLines lines={run.lastLines} id="last-lines" />}
      <Made run={run} base={viewer.base} />
      {run.options && (
        <section aria-labelledby="options">
          <h2 id="options">Options of the request</h2>
          <pre tabindex={0}>{JSON.stringify(run.options, null, 2).split('\n').map(printable).join('\n')}</pre>
        </section>
      )}
    </>
  )
}

function Made({ run, base }: { readonly run: RunDetail; readonly base: string }) {
  const { outputs = [], outputCount = outputs.length } = run
  return (
    <Outputs name={run.function} outputs={outputs} count={outputCount} base={base} aids={aidsOf(outputs)} />
  )
}

const OPEN: readonly string[] = ['queued', 'running', 'retrying']
/** The version that they were for is not the latest any more. */
const PAST: readonly string[] = ['superseded', 'source-gone']

function Deeds({ facts: { run, maxAttempts }, base }: { readonly facts: RunFacts; readonly base: string }) {
  if (OPEN.includes(run.status))
    return (
      <div class="acts">
        <Act to={`${base}/runs/${run.id}/cancel`} label="Cancel" kind="danger" />
      </div>
    )
  if (PAST.includes(run.status) || maxAttempts === undefined) return null
  return (
    <div class="acts">
      <Act
        to={`${base}/runs/${run.id}/retry`}
        label="Run again"
        kind={run.status === 'dead' ? 'primary' : undefined}
        // It has a result, which the new one takes the place of.
        fields={run.status === 'succeeded' ? { force: 'on' } : undefined}
      />
    </div>
  )
}

function NextAttempt(props: {
  readonly number: number
  readonly at: string
  readonly maxAttempts: number | undefined
}) {
  const { number, at, maxAttempts } = props
  const which = `attempt ${number}${maxAttempts === undefined ? '' : ` of ${maxAttempts}`}`
  if (Date.parse(at) <= Date.now()) return <span>{which} is due</span>
  return (
    <span>
      {which} starts <Time at={at} />
    </span>
  )
}

function Facts({ run, maxAttempts }: RunFacts) {
  return (
    <dl class="facts">
      <Fact name="Created">
        <Time at={run.createdAt} /> <span class="quiet">by {run.trigger}</span>
      </Fact>
      {run.startedAt !== undefined && (
        <>
          <Fact name="Waited">{waitedText(run, run.startedAt)}</Fact>
          {durationText(run) !== '' && (
            <Fact name={run.status === 'running' ? 'Running for' : 'Took'}>{durationText(run)}</Fact>
          )}
        </>
      )}
      <Fact name="Failed attempts">
        {run.attempts}
        {maxAttempts !== undefined && <span class="quiet"> of {maxAttempts}</span>}
      </Fact>
      {run.crashes > 0 && <Fact name="Crashes of its worker">{run.crashes}</Fact>}
      <Fact name="Size">{formatBytes(run.object.sizeBytes)}</Fact>
      {run.worker !== undefined && <Fact name="Worker">{printable(run.worker)}</Fact>}
      <Fact name="Run">
        <code class="copy" data-copy={run.id}>
          {run.id}
        </code>
      </Fact>
    </dl>
  )
}

function waitedText(run: RunDetail, startedAt: string): string {
  return spanText(Math.max(0, Date.parse(startedAt) - Date.parse(run.queuedAt ?? run.createdAt)))
}
