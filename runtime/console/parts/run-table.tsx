/** Runs in a table, newest first. @module */
import type { Run } from '../../api/runs/model.ts'
import { printable } from '../../printable.ts'
import { runHref } from '../links.ts'
import { stateText } from '../words.ts'
import { durationText, ObjectLink, Remark, Status, Time } from './parts.tsx'

export function RunTable(props: {
  readonly runs: readonly Run[]
  readonly base: string
  readonly caption: string
  /** Whether rows can be chosen, for the form `bulk`. */
  readonly canChoose: boolean
}) {
  const { runs, base, canChoose } = props
  return (
    <div class="scroll">
      <table class="runs">
        <caption class="hidden">{props.caption}</caption>
        <thead>
          <tr>
            {canChoose && (
              <th class="pick">
                <input type="checkbox" data-pick-all aria-label="Choose all on this page" />
              </th>
            )}
            <th>Status</th>
            <th>Object</th>
            <th>Function</th>
            <th class="wide">Remark</th>
            <th class="num">Attempts</th>
            <th class="num">Took</th>
            <th class="num">Created</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <Row run={run} base={base} canChoose={canChoose} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row(props: { readonly run: Run; readonly base: string; readonly canChoose: boolean }) {
  const { run, base, canChoose } = props
  const key = printable(run.object.key)
  return (
    <tr id={`run-${run.id}`}>
      {canChoose && (
        <td class="pick">
          <input type="checkbox" name="run" value={run.id} form="bulk" aria-label={`Choose ${key}`} />
        </td>
      )}
      <td class="state">
        <a
          class="plain"
          href={runHref(base, run.id)}
          aria-label={`${stateText(run.status)}: the run of ${run.function} for ${key}`}
        >
          <Status state={run.status} />
        </a>
      </td>
      <td class="object">
        <ObjectLink base={base} bucket={run.object.bucket} name={run.object.key} />
      </td>
      <td class="fn">
        {run.function}
        {run.trigger !== 'upload' && <small class="quiet"> {run.trigger}</small>}
      </td>
      <td class="wide">
        <Remark run={run} />
      </td>
      <td class="num">{attemptsOf(run)}</td>
      <td class="num">{durationText(run)}</td>
      <td class="num age">
        <Time at={run.createdAt} />
      </td>
    </tr>
  )
}

/** Failed attempts count up to the last one, which is not counted while it goes on or after it succeeded. */
function attemptsOf(run: Run): number {
  return run.attempts + (run.status === 'running' || run.status === 'succeeded' ? 1 : 0)
}
