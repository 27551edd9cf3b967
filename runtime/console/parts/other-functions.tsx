/** The functions that an object is not for, those of one reason in one line; and those that run when asked, which can be asked here. @module */
import type { FunctionOfObject } from '../../api/objects/model.ts'
import { sentenceOf } from './function-card.tsx'
import { Act } from './parts.tsx'

interface OthersProps {
  readonly others: readonly FunctionOfObject[]
  readonly isTold: boolean
  /** Where a form runs the object; undefined when it cannot be run, or not by this person. */
  readonly runHref: string | undefined
}

export function OtherFunctions({ others, isTold, runHref }: OthersProps) {
  const asked = others.filter(({ reason }) => reason === 'not-asked')
  const rest = others.filter(({ reason }) => reason !== 'not-asked')
  return (
    <>
      {asked.length > 0 && <Asked asked={asked} runHref={runHref} />}
      {isTold && rest.length > 0 && (
        <ul class="others" aria-label="Other functions">
          {[...byReason(rest)].map(([told, names]) => (
            <li>
              <b>Not for {names.join(', ')}:</b> {sentenceOf(told)}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function byReason(others: readonly FunctionOfObject[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>()
  for (const { told, name } of others) names.set(told, [...(names.get(told) ?? []), name])
  return names
}

function Asked({
  asked,
  runHref,
}: {
  readonly asked: readonly FunctionOfObject[]
  readonly runHref: string | undefined
}) {
  return (
    <section aria-labelledby="asked">
      <h2 id="asked">Only when asked</h2>
      {runHref === undefined ? (
        <p class="quiet">{asked.map(({ name }) => name).join(', ')}</p>
      ) : (
        <div class="acts">
          {asked.map(({ name }) => (
            <Act to={runHref} label={name} title={`Run ${name} on this object`} fields={{ function: name }} />
          ))}
        </div>
      )}
    </section>
  )
}
