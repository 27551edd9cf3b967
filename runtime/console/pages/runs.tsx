/** Runs by filter. The address is the filter, so that it can be kept, sent and gone back to. @module */
import { parseJson } from '../../json.ts'
import { toTime, type Page as ListPage } from '../../api/http/page.ts'
import type { Run } from '../../api/runs/model.ts'
import { RUN_STATES, type RunState } from '../../queue/run.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../time.ts'
import { FunctionSelect } from '../parts/function-select.tsx'
import { Time } from '../parts/parts.tsx'
import { PrefixField } from '../parts/prefix-field.tsx'
import { RunTable } from '../parts/run-table.tsx'
import { mayOperate, type Viewer } from '../viewer.ts'
import { stateText } from '../words.ts'

/** The query of the address; unknown values are left out. */
export interface RunQuery {
  readonly status: readonly RunState[]
  readonly function?: string | undefined
  /** A part of the key. */
  readonly contains?: string | undefined
  readonly prefix?: string | undefined
  readonly since?: Since | undefined
  readonly cursor?: string | undefined
}

const SINCE = { '15m': 15 * MINUTE_MS, '1h': HOUR_MS, '1d': DAY_MS, '7d': 7 * DAY_MS } as const
type Since = keyof typeof SINCE
const SINCE_TEXTS: Readonly<Record<Since, string>> = {
  '15m': 'last 15 minutes',
  '1h': 'last hour',
  '1d': 'last day',
  '7d': 'last 7 days',
}

export function runQueryOf(params: URLSearchParams): RunQuery {
  const given = (name: string) => params.get(name) || undefined
  const since = given('since')
  return {
    status: RUN_STATES.filter((state) => params.getAll('status').includes(state)),
    function: given('function'),
    contains: given('contains'),
    prefix: given('prefix'),
    since: since !== undefined && Object.hasOwn(SINCE, since) ? (since as Since) : undefined,
    cursor: given('cursor'),
  }
}

export function sinceMsOf(query: RunQuery, nowMs = Date.now()): number | undefined {
  return query.since && nowMs - SINCE[query.since]
}

/** The query of an address, such as `status=dead&status=retrying&prefix=videos%2F`. */
export function searchOf(query: RunQuery): string {
  const params = new URLSearchParams(query.status.map((state): [string, string] => ['status', state]))
  for (const name of ['function', 'contains', 'prefix', 'since', 'cursor'] as const) {
    const value = query[name]
    if (value !== undefined) params.set(name, value)
  }
  return params.toString()
}

export function Runs(props: {
  readonly query: RunQuery
  readonly page: ListPage<Run>
  readonly functionNames: readonly string[]
  readonly viewer: Viewer
}) {
  const { query, page, viewer } = props
  const { base } = viewer
  const isFiltered = searchOf({ ...query, cursor: undefined }) !== ''
  return (
    <>
      <header class="head">
        <h1>Runs</h1>
        {query.cursor !== undefined && (
          <a class="button" href={`${base}/runs?${searchOf({ ...query, cursor: undefined })}`}>
            Newest
          </a>
        )}
      </header>
      <Filter query={query} functionNames={props.functionNames} base={base} isFiltered={isFiltered} />
      {page.items.length > 0 ? (
        <RunTable runs={page.items} base={base} canChoose={mayOperate(viewer)} caption="Runs, newest first" />
      ) : (
        <p class="empty">
          <Nothing page={page} isFiltered={isFiltered} />
        </p>
      )}
      {page.nextCursor !== null && (
        <footer class="pager">
          <a
            class="button"
            rel="next"
            href={`${base}/runs?${searchOf({ ...query, cursor: page.nextCursor })}`}
          >
            {page.items.length === 0 ? 'Look further' : 'Older'}
          </a>
        </footer>
      )}
      {mayOperate(viewer) && page.items.length > 0 && <Chosen base={base} />}
    </>
  )
}

/** For the chosen rows; the sheet shows it only while there are some. */
function Chosen({ base }: { readonly base: string }) {
  return (
    <form id="bulk" class="bulk" method="post" action={`${base}/runs/chosen`} data-act>
      <output></output>
      <button class="button" name="do" value="retry">
        Run again
      </button>
      <button class="button danger" name="do" value="cancel">
        Cancel
      </button>
      <button type="button" class="button quiet" data-pick-none hidden>
        Clear
      </button>
    </form>
  )
}

function Nothing({ page, isFiltered }: { readonly page: ListPage<Run>; readonly isFiltered: boolean }) {
  if (page.nextCursor === null)
    return isFiltered ? 'No run matches.' : 'No run yet. Upload a file to see one.'
  const atMs = timeOf(page.nextCursor)
  if (atMs === undefined) return 'None of the runs looked through so far; there are older ones.'
  return (
    <>
      None among the runs since <Time at={toTime(atMs)} />; there are older ones.
    </>
  )
}

/** Where the look through the runs has stopped, epoch ms. */
function timeOf(cursor: string): number | undefined {
  const parts = parseJson(Buffer.from(cursor, 'base64url').toString())
  const atMs: unknown = Array.isArray(parts) ? parts[0] : undefined
  return typeof atMs === 'number' && Number.isFinite(atMs) ? atMs : undefined
}

function Filter(props: {
  readonly query: RunQuery
  readonly functionNames: readonly string[]
  readonly base: string
  readonly isFiltered: boolean
}) {
  const { query, base } = props
  return (
    <form class="filter" action={`${base}/runs`} data-filter>
      <fieldset class="chips">
        <legend class="hidden">Status</legend>
        {RUN_STATES.map((state) => (
          <label class={`chip s-${state}`}>
            <input type="checkbox" name="status" value={state} checked={query.status.includes(state)} />
            <i aria-hidden="true"></i>
            {stateText(state)}
          </label>
        ))}
      </fieldset>
      <FunctionSelect names={props.functionNames} chosen={query.function} />
      <label>
        <span class="hidden">Since</span>
        <select name="since">
          <option value="">any time</option>
          {Object.entries(SINCE_TEXTS).map(([value, text]) => (
            <option value={value} selected={value === query.since}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label class="grow">
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
      {props.isFiltered && (
        <a class="more" href={`${base}/runs`}>
          Clear
        </a>
      )}
    </form>
  )
}
