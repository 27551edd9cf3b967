/** Between the request and the change: what would be done to which dead letters. The ids are sent again, so that is what is done. @module */
import type { Preview } from '../../api/jobs/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printable } from '../../printable.ts'
import type { Viewer } from '../viewer.ts'
import { countedText, countText } from '../words.ts'

interface PreviewProps {
  readonly runs: readonly string[]
  readonly viewer: Viewer
}

const LISTED = 6

export function RedrivePreview({ preview, runs, viewer }: PreviewProps & { readonly preview: Preview }) {
  const { matched, sample } = preview
  return (
    <form class="preview" method="post" action={`${viewer.base}/dead-letters/redrive`} data-act>
      <h2>Run {countedText(matched, 'dead letter')} again?</h2>
      <p class="quiet">{formatBytes(preview.totalBytes)} of sources. They wait behind uploads.</p>
      {matched < runs.length && (
        <p class="notice">
          {countText(runs.length - matched)} of the {countText(runs.length)} are left out:{' '}
          {Object.keys(preview.passedOver).map(printable).join(', ') || 'they are no longer dead letters'}.
        </p>
      )}
      {sample.length > 0 && (
        <ul class="sample">
          {sample.slice(0, LISTED).map(({ bucket, key, sizeBytes }) => (
            <li>
              <bdi>{printable(`${bucket}/${key}`)}</bdi> <span class="quiet">{formatBytes(sizeBytes)}</span>
            </li>
          ))}
          {matched > LISTED && <li class="quiet">and {countText(matched - LISTED)} more</li>}
        </ul>
      )}
      <label class="line">
        At most <input type="number" name="rate" min="0.01" max="10000" step="any" placeholder="any number" />{' '}
        a second
      </label>
      <Confirm runs={runs} viewer={viewer}>
        <button class="button primary" disabled={matched === 0}>
          Run {countText(matched)} again
        </button>
      </Confirm>
    </form>
  )
}

export function PurgePreview({ purged, runs, viewer }: PreviewProps & { readonly purged: number }) {
  return (
    <form class="preview" method="post" action={`${viewer.base}/dead-letters/purge`} data-act>
      <h2>Remove {countedText(purged, 'dead letter')} from the list?</h2>
      <p>
        Nobody is told of them here any more. Their runs and verdicts stay, and each can still be run again on
        the page of its object.
      </p>
      <Confirm runs={runs} viewer={viewer}>
        <button class="button danger" disabled={purged === 0}>
          Remove {countText(purged)}
        </button>
      </Confirm>
    </form>
  )
}

function Confirm({ runs, viewer, children }: PreviewProps & { readonly children?: unknown }) {
  return (
    <>
      {runs.map((run) => (
        <input type="hidden" name="run" value={run} />
      ))}
      <input type="hidden" name="confirmed" value="yes" />
      <footer>
        <a class="button quiet" href={`${viewer.base}/dead-letters`} data-close>
          Not now
        </a>
        {children}
      </footer>
    </>
  )
}
