/** Running an object again with other options: a form made from the schema of the function. @module */
import { objectHref, runObjectHref } from '../links.ts'
import { OptionInput } from '../parts/option-input.tsx'
import { ObjectLink } from '../parts/parts.tsx'
import type { FunctionFields } from '../upload/fields.ts'
import type { Viewer } from '../viewer.ts'

export interface RunOptionsFacts {
  readonly bucket: string
  readonly key: string
  readonly definition: FunctionFields
}

export function RunOptions({ facts, viewer }: { readonly facts: RunOptionsFacts; readonly viewer: Viewer }) {
  const { bucket, key, definition } = facts
  const { base } = viewer
  return (
    <>
      <header class="head">
        <div>
          <p class="over">Run {definition.name} with other options on</p>
          <h1 class="key-title">
            <ObjectLink base={base} bucket={bucket} name={key} />
          </h1>
        </div>
      </header>
      {definition.fields.length === 0 ? (
        <p class="empty">{definition.name} has no options.</p>
      ) : (
        <form id="run-options" method="post" action={runObjectHref(base, bucket, key)} data-act data-keep>
          <input type="hidden" name="function" value={definition.name} />
          <p class="quiet">
            They take precedence over the metadata of the object, for this run only. A field that is left
            empty changes nothing.
          </p>
          <div class="options">
            {definition.fields.map((field) => (
              <OptionInput field={field} />
            ))}
          </div>
          <p class="acts">
            <button class="button primary">Run it</button>
            <a class="button quiet" href={objectHref(base, bucket, key)}>
              Not now
            </a>
          </p>
        </form>
      )}
    </>
  )
}
