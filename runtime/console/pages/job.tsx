/** One job: how far it is, and what became of its runs. @module */
import type { Job } from '../../api/jobs/model.ts'
import { printable } from '../../printable.ts'
import { stateText } from '../words.ts'
import { runHref } from '../links.ts'
import { CancelJob, JobProgress, outcomesText } from '../parts/job-table.tsx'
import { Fact, ObjectLink, Status, Time } from '../parts/parts.tsx'
import { mayOperate, type Viewer } from '../viewer.ts'

export function JobPage({ job, viewer }: { readonly job: Job; readonly viewer: Viewer }) {
  const { base } = viewer
  const isGoing = job.status === 'running' || (job.runs?.['queued'] ?? 0) > 0
  return (
    <>
      <header class="head">
        <div>
          <p class="over">
            <a href={`${base}/system`}>Jobs</a>
          </p>
          <h1>
            {job.kind} <small class="quiet">{job.status}</small>
          </h1>
        </div>
        {mayOperate(viewer) && isGoing && (
          <div class="acts">
            <CancelJob id={job.id} base={base} />
          </div>
        )}
      </header>
      <div class="standing">
        <JobProgress job={job} />
      </div>
      <dl class="facts">
        <Fact name="Created">
          <Time at={job.createdAt} />
        </Fact>
        {job.endedAt !== undefined && (
          <Fact name="All added">
            <Time at={job.endedAt} />
          </Fact>
        )}
        {job.runs && <Fact name="Its runs">{outcomesText(job.runs) || 'none yet'}</Fact>}
        {job.percent !== undefined && <Fact name="Progress">{job.percent} %</Fact>}
        <Fact name="Job">
          <code class="copy" data-copy={job.id}>
            {job.id}
          </code>
        </Fact>
      </dl>
      {job.failures && job.failures.length > 0 && <Failures failures={job.failures} base={base} />}
      <section aria-labelledby="request">
        <h2 id="request">Request</h2>
        <pre tabindex={0}>{JSON.stringify(job.request, null, 2).split('\n').map(printable).join('\n')}</pre>
      </section>
    </>
  )
}

function Failures(props: { readonly failures: NonNullable<Job['failures']>; readonly base: string }) {
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">Ended without a result</h2>
      <ul class="rows">
        {props.failures.map((failure) => (
          <li id={`failure-${failure.run}`}>
            <div>
              <ObjectLink base={props.base} bucket={failure.bucket} name={failure.key} />
              <a
                class="plain"
                href={runHref(props.base, failure.run)}
                aria-label={`${stateText(failure.status)}: the run of ${failure.function}`}
              >
                <Status state={failure.status} />
              </a>
            </div>
            {failure.reason !== undefined && <p class="remark">{printable(failure.reason)}</p>}
          </li>
        ))}
      </ul>
    </section>
  )
}
