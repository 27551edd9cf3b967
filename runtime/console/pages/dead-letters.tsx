/** Runs that were given up, grouped by what went wrong. @module */
import type { DeadLetterKind } from '../../api/dead-letters/model.ts'
import type { KindsPage } from '../../api/dead-letters/service.ts'
import type { Run } from '../../api/runs/model.ts'
import { FunctionSelect } from '../parts/function-select.tsx'
import { KindSection } from '../parts/kind-section.tsx'
import { DEATHS, letterSearchOf, QueryFields, type LetterQuery } from '../parts/letter-query.tsx'
import { PrefixField } from '../parts/prefix-field.tsx'
import { mayOperate, mayPurge, type Viewer } from '../viewer.ts'
import { countedText, countText, reasonText } from '../words.ts'

export interface LetterFacts {
  readonly query: LetterQuery
  readonly page: KindsPage
  /** The runs of the only kind, newest first; undefined where several are shown. */
  readonly runs: readonly Run[] | undefined
  readonly functionNames: readonly string[]
}

export function DeadLetters({ facts, viewer }: { readonly facts: LetterFacts; readonly viewer: Viewer }) {
  const { query, page } = facts
  const { base } = viewer
  const isFiltered = letterSearchOf({ ...query, cursor: undefined }) !== ''
  const hrefOf = (change: LetterQuery) => `${base}/dead-letters?${letterSearchOf({ ...query, ...change })}`
  return (
    <>
      <header class="head">
        <div>
          <h1>Dead letters</h1>
          <p class="quiet">{sumText(facts, isFiltered)}</p>
        </div>
        {query.kind === undefined ? (
          <Filter facts={facts} base={base} />
        ) : (
          <a class="button" href={hrefOf({ kind: undefined })}>
            All kinds
          </a>
        )}
      </header>
      {page.items.map((kind) => (
        <KindSection
          kind={kind}
          runs={facts.runs}
          query={query}
          href={hrefOf({ kind: kind.id })}
          viewer={viewer}
        />
      ))}
      {page.nextCursor !== null && (
        <footer class="pager">
          <a class="button" rel="next" href={hrefOf({ cursor: page.nextCursor })}>
            Older dead letters
          </a>
        </footer>
      )}
      {mayOperate(viewer) && page.items.length > 0 && <Chosen query={query} viewer={viewer} />}
    </>
  )
}

function sumText({ query, page }: LetterFacts, isFiltered: boolean): string {
  const { items, looked, nextCursor } = page
  if (items.length === 0) {
    if (nextCursor !== null) return 'None of those looked through so far; there are older ones.'
    if (query.kind !== undefined) return 'There are none of this kind any more.'
    return isFiltered ? 'None matches.' : 'Nothing was given up.'
  }
  if (query.kind !== undefined) return countedText(sumOf(items), 'file')
  const isPart = nextCursor !== null || query.cursor !== undefined
  const which = isPart ? `${countText(looked)} of them` : countText(looked)
  return `${which}, in ${countedText(items.length, 'kind')} of failure`
}

function sumOf(kinds: readonly DeadLetterKind[]): number {
  return kinds.reduce((sum, { count }) => sum + count, 0)
}

function Filter({ facts, base }: { readonly facts: LetterFacts; readonly base: string }) {
  const { query } = facts
  return (
    <form class="filter inline" action={`${base}/dead-letters`} data-filter>
      <FunctionSelect names={facts.functionNames} chosen={query.function} />
      <label>
        <span class="hidden">Reason</span>
        <select name="reason">
          <option value="">every reason</option>
          {DEATHS.map((death) => (
            <option value={death} selected={death === query.reason}>
              {reasonText(death)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="hidden">A part of the key</span>
        <input
          type="search"
          name="contains"
          value={query.contains ?? ''}
          placeholder="key contains …"
          maxlength={1_024}
          autocomplete="off"
          spellcheck={false}
        />
      </label>
      {query.prefix !== undefined && <PrefixField prefix={query.prefix} />}
      <button class="button" data-noscript>
        Show
      </button>
    </form>
  )
}

/** For the chosen kinds and files. */
function Chosen({ query, viewer }: { readonly query: LetterQuery; readonly viewer: Viewer }) {
  const { base } = viewer
  return (
    <form id="bulk" class="bulk" method="post" action={`${base}/dead-letters/redrive`} data-dialog hidden>
      <QueryFields query={{ ...query, kind: undefined }} />
      <output></output>
      <button class="button primary">Run again …</button>
      {mayPurge(viewer) && (
        <button class="button danger" formaction={`${base}/dead-letters/purge`}>
          Remove …
        </button>
      )}
      <button type="button" class="button quiet" data-pick-none>
        Clear
      </button>
    </form>
  )
}
