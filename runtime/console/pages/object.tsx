/** One object: why it was or was not processed, by each function, and its history. @module */
import type { ObjectView } from '../../api/objects/model.ts'
import type { ApiServices } from '../../api/services.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import { runObjectHref, runOptionsHref, sourceHref, uploadAgainHref } from '../links.ts'
import { aidsOf } from '../outputs/kinds.ts'
import { FunctionCard } from '../parts/function-card.tsx'
import { OtherFunctions } from '../parts/other-functions.tsx'
import { Act, Time } from '../parts/parts.tsx'
import { Story } from '../parts/story.tsx'
import { mayOperate, type Viewer } from '../viewer.ts'

export interface ObjectFacts {
  readonly view: ObjectView
  /** The last lines of the tools of runs that failed, by function. */
  readonly lines: ReadonlyMap<string, readonly string[]>
}

export async function readObject(
  { objects, runs }: Pick<ApiServices, 'objects' | 'runs'>,
  bucket: string,
  key: string,
): Promise<ObjectFacts> {
  const view = await objects.view(bucket, key)
  const failed = view.functions.filter(({ run }) => run?.status === 'dead' || run?.status === 'retrying')
  const lines = await Promise.all(
    failed.map(async ({ name, run }): Promise<[string, readonly string[]]> => {
      const detail = run && (await runs.get(run.id))
      return [name, detail?.lastLines ?? []]
    }),
  )
  return { view, lines: new Map(lines) }
}

export function ObjectPage({ facts, viewer }: { readonly facts: ObjectFacts; readonly viewer: Viewer }) {
  const { view, lines } = facts
  const own = view.functions.filter(({ reason }) => reason !== 'bucket')
  const matching = own.filter(({ isMatch }) => isMatch)
  const others = own.filter(({ isMatch }) => !isMatch)
  const aids = aidsOf(own.flatMap(({ result }) => result?.outputs ?? []))
  const runHref = runObjectHref(viewer.base, view.bucket, view.key)
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
        {view.object !== null && mayOperate(viewer) && (
          <div class="acts">
            {own.length > 0 && (
              <a class="button quiet" href={sourceHref(viewer.base, view.bucket, view.key)}>
                Save source
              </a>
            )}
            {matching.length > 1 && <Act to={runHref} label="Run all again" />}
          </div>
        )}
      </header>
      {matching.length === 0 && <p class="verdict calm">{printable(view.summary)}</p>}
      {matching.map((each) => (
        <FunctionCard
          each={each}
          runAgainHref={runHref}
          optionsHref={runOptionsHref(viewer.base, view.bucket, view.key, each.name)}
          uploadHref={uploadAgainHref(viewer.base, view.bucket, view.key)}
          isThere={view.object !== null}
          lines={lines.get(each.name) ?? []}
          aids={aids}
          viewer={viewer}
        />
      ))}
      <OtherFunctions
        others={others}
        // Otherwise the summary above tells of them.
        isTold={matching.length > 0}
        runHref={view.object !== null && mayOperate(viewer) ? runHref : undefined}
      />
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
