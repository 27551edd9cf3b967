/** The sweep's passes, and the button that requests one. @module */
import type { SweepPass } from '../../api/sweep/model.ts'
import { printable } from '../../printable.ts'
import { mayOperate, type Viewer } from '../viewer.ts'
import { countsText, countText, spanText } from '../words.ts'
import { Act, Time } from './parts.tsx'

interface SweepProps {
  /** Undefined while Redis does not answer. */
  readonly passes: readonly SweepPass[] | undefined
  readonly viewer: Viewer
}

export function SweepSection({ passes, viewer }: SweepProps) {
  return (
    <section aria-labelledby="sweep">
      <header class="head small">
        <h2 id="sweep">Sweep</h2>
        {passes !== undefined && mayOperate(viewer) && (
          <div class="acts">
            <Act to={`${viewer.base}/sweep`} label="Sweep now" />
          </div>
        )}
      </header>
      <p class="quiet about">
        Compares the buckets with the runs, and runs the uploads that were never announced.
      </p>
      {passes === undefined && <p class="empty">Not known while Redis does not answer.</p>}
      {passes?.length === 0 && <p class="empty">No pass yet.</p>}
      {passes !== undefined && passes.length > 0 && <Passes passes={passes} />}
    </section>
  )
}

function Passes({ passes }: { readonly passes: readonly SweepPass[] }) {
  return (
    <div class="scroll" tabindex={0}>
      <table class="passes">
        <caption class="hidden">Passes of the sweep, newest first</caption>
        <thead>
          <tr>
            <th>Pass</th>
            <th class="num">Objects</th>
            <th>Healed</th>
            <th>Left alone</th>
            <th class="num">Took</th>
            <th class="num">Ended</th>
          </tr>
        </thead>
        <tbody>
          {passes.map((pass) => (
            <tr id={`pass-${pass.id}`}>
              <td>
                <PassName pass={pass} />
              </td>
              <td class="num">{countText(pass.objects)}</td>
              <td>{countsText(pass.healed, reasonOf) || <span class="quiet">nothing</span>}</td>
              <td class="quiet">{countsText(pass.reported, reasonOf)}</td>
              <td class="num">{tookText(pass)}</td>
              <td class="num">{pass.endedAt !== undefined && <Time at={pass.endedAt} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function PassName({ pass }: { readonly pass: SweepPass }) {
  const of = [pass.bucket, pass.prefix].filter((part) => part !== undefined).join('/')
  return (
    <>
      {pass.kind}
      {of !== '' && (
        <>
          {' '}
          of <bdi>{printable(of)}</bdi>
        </>
      )}{' '}
      {pass.status === 'failed' ? <b class="bad">failed</b> : pass.status !== 'done' && <b>{pass.status}</b>}{' '}
      <small class="quiet">{pass.cause}</small>
      {pass.failure !== undefined && <p class="remark">{printable(pass.failure)}</p>}
    </>
  )
}

function tookText({ startedAt, endedAt }: SweepPass): string {
  return startedAt === undefined || endedAt === undefined
    ? ''
    : spanText(Date.parse(endedAt) - Date.parse(startedAt))
}

/** `lost-event` in the middle of a sentence. */
function reasonOf(reason: string): string {
  return printable(reason.replaceAll('-', ' '))
}
