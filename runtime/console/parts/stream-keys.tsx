/** The keys with which senders may push a stream. A secret is shown once, on the page that answers its creation. @module */
import type { StreamKeyView } from '../../api/streams/model.ts'
import { mayOperate, type Viewer } from '../viewer.ts'
import { Act, Time } from './parts.tsx'

export function StreamKeys(props: {
  readonly name: string
  readonly keys: readonly StreamKeyView[]
  readonly secret: string | undefined
  readonly viewer: Viewer
}) {
  const { name, keys, secret, viewer } = props
  const { base } = viewer
  const canChange = mayOperate(viewer)
  return (
    <section aria-labelledby="stream-keys">
      <h2 id="stream-keys">Stream keys</h2>
      {secret !== undefined && (
        <p class="notice" role="status">
          The new key, shown only now: <code>{secret}</code>
        </p>
      )}
      {keys.length === 0 ? (
        <p class="empty">None. A sender of this stream needs one.</p>
      ) : (
        <div class="scroll">
          <table>
            <caption class="hidden">Keys, without their secrets</caption>
            <thead>
              <tr>
                <th scope="col">Key</th>
                <th scope="col">Created</th>
                <th scope="col" class="wide">
                  Good
                </th>
                <th scope="col" class="end">
                  <span class="hidden">Revoke</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {keys.map((key) => (
                <tr>
                  <td>
                    <code>{key.id}</code>
                  </td>
                  <td>
                    <Time at={key.createdAt} />
                  </td>
                  <td class="wide">
                    <Goodness streamKey={key} />
                  </td>
                  <td class="end">
                    {canChange && key.revokedAt === undefined && (
                      <Act
                        to={`${base}/streams/${name}/keys/${encodeURIComponent(key.id)}/revoke`}
                        kind="quiet"
                        label="Revoke"
                      />
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {canChange && (
        // Not exchanged by the script: its answer is the only page that has the secret.
        <form id="new-key" class="filter" method="post" action={`${base}/streams/${name}/keys`} data-keep>
          <label>
            Good for{' '}
            <input type="text" name="expiresIn" placeholder="ever, or such as 12h" autocomplete="off" />
          </label>
          <button class="button">Create a key</button>
        </form>
      )}
    </section>
  )
}

function Goodness({ streamKey: { revokedAt, expiresAt } }: { readonly streamKey: StreamKeyView }) {
  if (revokedAt !== undefined)
    return (
      <>
        revoked <Time at={revokedAt} />
      </>
    )
  if (expiresAt === undefined) return <>until it is revoked</>
  return (
    <>
      {Date.parse(expiresAt) < Date.now() ? 'expired' : 'expires'} <Time at={expiresAt} />
    </>
  )
}
