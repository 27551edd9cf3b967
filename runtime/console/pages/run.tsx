/** One run: its standing and reason, its attempts on one line of time, its options. @module */
import type { RunDetail } from '../../api/runs/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import { durationText, Fact, LastLines, ObjectLink, RunProgress, Status, Time } from '../parts/parts.tsx'
import type { Viewer } from '../viewer.ts'
import { reasonText, spanText } from '../words.ts'
import { Timeline } from '../parts/timeline.tsx'

export interface RunFacts {
  readonly run: RunDetail
  /** Of its function; undefined when it is not served any more. */
  readonly maxAttempts: number | undefined
}

export function RunPage({ facts, viewer }: { readonly facts: RunFacts; readonly viewer: Viewer }) {
  const { run } = facts
  const error = run.error ?? ''
  return (
    <>
      <header class="head">
        <div>
          <p class="over">{run.function}</p>
          <h1 class="key-title">
            <ObjectLink base={viewer.base} bucket={run.object.bucket} name={run.object.key} />
          </h1>
        </div>
      </header>
      <div class="standing">
        <Status state={run.status} />
        <RunProgress run={run} />
        {run.status === 'dead' && run.reason !== undefined && (
          <span class="quiet">{reasonText(run.reason)}</span>
        )}
        {run.nextAttemptAt !== undefined && (
          <span>
            The next attempt is due <Time at={run.nextAttemptAt} />.
          </span>
        )}
      </div>
      {error !== '' && <p class={run.status === 'dead' ? 'verdict' : 'verdict soft'}>{printable(error)}</p>}
      <Facts run={run} maxAttempts={facts.maxAttempts} />
      <section aria-labelledby="attempts">
        <h2 id="attempts">Attempts</h2>
        {run.attemptLog.length === 0 ? (
          <p class="empty">None has started.</p>
        ) : (
          <Timeline attempts={run.attemptLog} createdAt={run.createdAt} nextAttemptAt={run.nextAttemptAt} />
        )}
      </section>
      {run.attemptLog.length === 0 && <LastLines lines={run.lastLines} id="last-lines" />}
      {run.options && (
        <section aria-labelledby="options">
          <h2 id="options">Options of the request</h2>
          <pre tabindex={0}>{JSON.stringify(run.options, null, 2)}</pre>
        </section>
      )}
    </>
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
          <Fact name={run.status === 'running' ? 'Running for' : 'Took'}>{durationText(run) || '–'}</Fact>
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
        <code>{run.id}</code>
      </Fact>
    </dl>
  )
}

function waitedText(run: RunDetail, startedAt: string): string {
  return spanText(Math.max(0, Date.parse(startedAt) - Date.parse(run.queuedAt ?? run.createdAt)))
}
