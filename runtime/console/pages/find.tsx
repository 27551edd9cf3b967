/** What a search has found: runs and objects, the best matches first. @module */
import type { FoundObject, FoundRun, SearchAnswer } from '../../api/search/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import { objectHref, runHref } from '../links.ts'
import { ObjectLink, Status, Time } from '../parts/parts.tsx'
import type { Viewer } from '../viewer.ts'
import { stateText } from '../words.ts'

export interface FindFacts {
  readonly text: string
  readonly answer: SearchAnswer
  /** That functions read: for any key of theirs there is an answer to "why". */
  readonly buckets: readonly string[]
}

/** The page that the text means, when there is no doubt; also that of an object that is not there, which says why. */
export function oneHit({ items, object }: SearchAnswer, base: string): string | undefined {
  const exact = items.filter(({ match }) => match === 'exact')
  const [only, second] = exact.length > 0 ? exact : items
  if (only && !second)
    return only.kind === 'run' ? runHref(base, only.run.id) : objectHref(base, only.bucket, only.key)
  return !only && object ? objectHref(base, object.bucket, object.key) : undefined
}

export function FindPage({ facts, viewer }: { readonly facts: FindFacts; readonly viewer: Viewer }) {
  const { text, answer } = facts
  const { base } = viewer
  return (
    <>
      <header class="head">
        <h1 class="key-title">
          Found for “<bdi>{printable(text)}</bdi>”
        </h1>
      </header>
      {answer.items.length === 0 ? (
        <Nothing facts={facts} base={base} />
      ) : (
        <ul class="rows">
          {answer.items.map((item) =>
            item.kind === 'run' ? <RunRow item={item} base={base} /> : <ObjectRow item={item} base={base} />,
          )}
        </ul>
      )}
      {answer.isCut && answer.items.length > 0 && (
        <p class="quiet about">There may be more: write more of the key.</p>
      )}
    </>
  )
}

function RunRow({ item: { run }, base }: { readonly item: FoundRun; readonly base: string }) {
  return (
    <li>
      <div>
        <ObjectLink base={base} bucket={run.object.bucket} name={run.object.key} />
        <a
          class="plain"
          href={runHref(base, run.id)}
          aria-label={`${stateText(run.status)}: the run ${run.id} of ${run.function}`}
        >
          <Status state={run.status} />
        </a>
      </div>
      <p class="remark">
        The run {run.id.slice(0, 8)} of {run.function}
      </p>
    </li>
  )
}

function ObjectRow({ item, base }: { readonly item: FoundObject; readonly base: string }) {
  return (
    <li>
      <div>
        <ObjectLink base={base} bucket={item.bucket} name={item.key} />
        <span class="quiet">
          {item.bucket}, {formatBytes(item.sizeBytes)}, <Time at={item.lastModified} />
        </span>
      </div>
    </li>
  )
}

const ASKABLE = 4

function Nothing({ facts, base }: { readonly facts: FindFacts; readonly base: string }) {
  const { text, buckets } = facts
  const key = text.trim()
  return (
    <div class="empty">
      <p>No object’s key starts with it, no key of the known runs contains it, and no run has such an id.</p>
      <ul>
        {buckets.slice(0, ASKABLE).map((bucket) => (
          <li>
            Why is there nothing? <ObjectLink base={base} bucket={bucket} name={key} /> in {bucket}
          </li>
        ))}
      </ul>
    </div>
  )
}
