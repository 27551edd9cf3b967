/** One object: why it was or was not processed, by each function, and its history. @module */
import type { FunctionOfObject, ObjectView } from '../../api/objects/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import { runHref } from '../links.ts'
import { RunProgress, Status, Time } from '../parts/parts.tsx'
import { Story } from '../parts/story.tsx'
import type { Viewer } from '../viewer.ts'

export function ObjectPage({ view, viewer }: { readonly view: ObjectView; readonly viewer: Viewer }) {
  const own = view.functions.filter(({ reason }) => reason !== 'bucket')
  const matching = own.filter(({ isMatch }) => isMatch)
  const others = own.filter(({ isMatch }) => !isMatch)
  return (
    <>
      <header class="head">
        <div>
          <p class="over">{printable(view.bucket)}</p>
          <h1 class="key-title">
            <bdi>{printable(view.key)}</bdi>
          </h1>
          <Version object={view.object} />
        </div>
      </header>
      {matching.length === 0 && <p class="verdict calm">{printable(view.summary)}</p>}
      {matching.map((each) => (
        <FunctionCard each={each} viewer={viewer} />
      ))}
      {others.length > 0 && matching.length > 0 && (
        <ul class="others">
          {others.map(({ name, explanation }) => (
            <li>
              <b>Not for {name}:</b> {sentenceOf(explanation)}
            </li>
          ))}
        </ul>
      )}
      <section aria-labelledby="story">
        <h2 id="story">What happened</h2>
        <Story view={view} base={viewer.base} />
      </section>
    </>
  )
}

function Version({ object }: { readonly object: ObjectView['object'] }) {
  if (object === null) return <p class="quiet">There is no such object now.</p>
  const metadata = Object.entries(object.metadata)
  return (
    <p class="quiet">
      {formatBytes(object.sizeBytes)}, uploaded <Time at={object.lastModified} />
      {object.contentType !== undefined && `, ${printable(object.contentType)}`}
      {metadata.length > 0 && ', with '}
      {metadata.map(([name, value]) => (
        <>
          <code>
            {printable(name)}={printable(value)}
          </code>{' '}
        </>
      ))}
    </p>
  )
}

function FunctionCard({ each, viewer }: { readonly each: FunctionOfObject; readonly viewer: Viewer }) {
  const { run, result, verdict } = each
  const state = run?.status ?? (result === undefined ? verdict?.state : 'succeeded')
  const tone =
    state === 'dead' || state === 'cancelled' ? 'verdict' : state === 'retrying' ? 'verdict soft' : 'why'
  return (
    <article class="card" id={`function-${each.name}`} aria-labelledby={`name-${each.name}`}>
      <header>
        <h2 id={`name-${each.name}`}>{each.name}</h2>
        {state !== undefined && <Status state={state} />}
        {run && <RunProgress run={run} />}
        <span class="fill"></span>
        {run && (
          <a class="more" href={runHref(viewer.base, run.id)}>
            Attempts
          </a>
        )}
      </header>
      <p class={tone}>{sentenceOf(each.explanation)}</p>
      {result?.warnings.map((warning) => (
        <p class="notice">{printable(warning)}</p>
      ))}
    </article>
  )
}

/** Explanations are written to follow a name and a colon. */
function sentenceOf(explanation: string): string {
  const text = printable(explanation)
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`
}
