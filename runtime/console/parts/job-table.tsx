/** Jobs on many runs in a table, newest first. @module */
import type { Job } from '../../api/jobs/model.ts'
import { mayOperate, type Viewer } from '../viewer.ts'
import { countsText, countText, stateText } from '../words.ts'
import { Act, Time } from './parts.tsx'

interface JobsProps {
  /** Undefined while Redis does not answer. */
  readonly jobs: readonly Job[] | undefined
  readonly viewer: Viewer
}

export function JobTable({ jobs, viewer }: JobsProps) {
  return (
    <section aria-labelledby="jobs">
      <h2 id="jobs">Jobs</h2>
      {jobs === undefined && <p class="empty">Not known while Redis does not answer.</p>}
      {jobs?.length === 0 && (
        <p class="empty">None: a job is made when many runs are run again or cancelled at once.</p>
      )}
      {jobs !== undefined && jobs.length > 0 && (
        <div class="scroll">
          <table class="jobs">
            <caption class="hidden">Jobs, newest first</caption>
            <thead>
              <tr>
                <th>Job</th>
                <th class="wide">Runs added to the queue</th>
                <th class="num">Created</th>
                {mayOperate(viewer) && (
                  <th class="end">
                    <span class="hidden">Cancel</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <Row job={job} viewer={viewer} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function Row({ job, viewer }: { readonly job: Job; readonly viewer: Viewer }) {
  return (
    <tr id={`job-${job.id}`}>
      <td>
        <a href={`${viewer.base}/jobs/${job.id}`}>{job.kind}</a> <small class="quiet">{job.status}</small>
      </td>
      <td class="wide">
        <JobProgress job={job} />
      </td>
      <td class="num">
        <Time at={job.createdAt} />
      </td>
      {mayOperate(viewer) && (
        <td class="end">{job.status === 'running' && <CancelJob id={job.id} base={viewer.base} />}</td>
      )}
    </tr>
  )
}

export function JobProgress({ job }: { readonly job: Job }) {
  return (
    <span class="progress">
      <progress
        max={Math.max(1, job.total)}
        value={job.handedOut + job.passedOver}
        aria-label="runs added to the queue"
      ></progress>
      <small>
        {countText(job.handedOut)} of {countText(job.total)}
        {job.passedOver > 0 && `, ${countText(job.passedOver)} left out`}
        {job.ratePerSecond !== undefined && ` at ${job.ratePerSecond} a second`}
      </small>
    </span>
  )
}

export function CancelJob({ id, base }: { readonly id: string; readonly base: string }) {
  return <Act to={`${base}/jobs/${id}/cancel`} label="Cancel" title="Cancel this job" kind="danger" />
}

/** `40 done, 2 running`. */
export function outcomesText(runs: NonNullable<Job['runs']>): string {
  return countsText(runs, (state) => stateText(state).toLowerCase())
}
