/** One kind of failure: how often, what it says, when last; and its files. @module */
import type { DeadLetterKind } from '../../api/dead-letters/model.ts'
import type { Run } from '../../api/runs/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import { runHref } from '../links.ts'
import { mayOperate, mayPurge, type Viewer } from '../viewer.ts'
import { countedText, countText, firstLine, reasonText } from '../words.ts'
import { QueryFields, type LetterQuery } from './letter-query.tsx'
import { ObjectLink, Time } from './parts.tsx'

interface KindProps {
  readonly kind: DeadLetterKind
  /** All that are shown of it, where it is the only one; otherwise its sample is. */
  readonly runs: readonly Run[] | undefined
  readonly query: LetterQuery
  /** Of the page with all its files. */
  readonly href: string
  readonly viewer: Viewer
}

export function KindSection(props: KindProps) {
  const { kind, viewer } = props
  const id = `kind-${kind.id}`
  const files = props.runs?.map(fileOfRun) ?? kind.sample
  return (
    <article class="group" id={id} aria-labelledby={`${id}-what`}>
      <div class="group-head">
        {mayOperate(viewer) && props.runs === undefined && (
          <input
            type="checkbox"
            name="kind"
            value={kind.id}
            form="bulk"
            data-count={kind.count}
            aria-label={`Choose all ${countText(kind.count)} of this kind`}
          />
        )}
        <b class="count">{countText(kind.count)}</b>
        <div>
          <p class="what" id={`${id}-what`}>
            {printable(firstLine(kind.example)) || reasonText(kind.reason)}
          </p>
          <p class="quiet">
            {kind.function} · {reasonText(kind.reason)} · {formatBytes(kind.bytes)} · last{' '}
            <Time at={kind.lastAt} />
          </p>
        </div>
        {mayOperate(viewer) && <Deeds {...props} />}
      </div>
      <details id={`${id}-files`} open={props.runs !== undefined}>
        <summary>{kind.count === 1 ? 'the file' : `the ${countText(kind.count)} files`}</summary>
        <div class="scroll">
          <table class="letters">
            <caption class="hidden">Files of this kind, newest first</caption>
            <tbody>
              {files.map((file) => (
                <Row file={file} kindId={kind.id} viewer={viewer} />
              ))}
            </tbody>
          </table>
        </div>
        {files.length < kind.count && <Rest {...props} shown={files.length} />}
      </details>
    </article>
  )
}

function Deeds({ kind, query, viewer }: KindProps) {
  const { base } = viewer
  return (
    <form class="acts" method="post" action={`${base}/dead-letters/redrive`} data-dialog>
      <QueryFields query={{ ...query, kind: kind.id }} />
      <button class="button" aria-label={`Run again … (${countText(kind.count)} of this kind)`}>
        Run again …
      </button>
      {mayPurge(viewer) && (
        <button
          class="button quiet"
          formaction={`${base}/dead-letters/purge`}
          aria-label={`Remove … (${countText(kind.count)} of this kind)`}
        >
          Remove …
        </button>
      )}
    </form>
  )
}

function Rest({ kind, runs, href, shown }: KindProps & { readonly shown: number }) {
  const rest = countText(kind.count - shown)
  return (
    <p class="quiet pad">
      {runs === undefined ? (
        <a href={href}>All {countedText(kind.count, 'file')}</a>
      ) : (
        `and ${rest} more of this kind`
      )}
    </p>
  )
}

type File = DeadLetterKind['sample'][number]

function fileOfRun({ id, object, attempts, endedAt, createdAt }: Run): File {
  const { bucket, key, sizeBytes } = object
  return { run: id, bucket, key, sizeBytes, attempts, endedAt: endedAt ?? createdAt }
}

function Row(props: { readonly file: File; readonly kindId: string; readonly viewer: Viewer }) {
  const { file, viewer } = props
  const key = printable(file.key)
  return (
    <tr id={`letter-${file.run}`}>
      {mayOperate(viewer) && (
        <td class="pick">
          <input
            type="checkbox"
            name="run"
            value={file.run}
            form="bulk"
            data-of={props.kindId}
            aria-label={`Choose ${key}`}
          />
        </td>
      )}
      <td class="object">
        <ObjectLink base={viewer.base} bucket={file.bucket} name={file.key} />
      </td>
      <td class="num">{formatBytes(file.sizeBytes)}</td>
      <td class="num">{countedText(file.attempts, 'attempt')}</td>
      <td class="num">
        <Time at={file.endedAt} />
      </td>
      <td class="end">
        <a href={runHref(viewer.base, file.run)} aria-label={`Log of ${key}`}>
          Log
        </a>
      </td>
    </tr>
  )
}
