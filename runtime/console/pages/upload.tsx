/** Files from this browser straight to the store, and what becomes of them (assets/upload/upload.js). @module */
import { OptionInput } from '../parts/option-input.tsx'
import type { FunctionFields } from '../upload/fields.ts'
import { printable } from '../../printable.ts'
import type { Viewer } from '../viewer.ts'

export interface UploadFacts {
  /** False: there is no account for uploads. */
  readonly isOn: boolean
  readonly buckets: readonly string[]
  /** By bucket. */
  readonly functions: Readonly<Record<string, readonly FunctionFields[]>>
  /** The object that is to be uploaded again, in one of the buckets. */
  readonly again?: { readonly bucket: string; readonly folder: string; readonly name: string } | undefined
}

export function UploadPage({ facts, viewer }: { readonly facts: UploadFacts; readonly viewer: Viewer }) {
  const { isOn, buckets } = facts
  const [first = 'incoming'] = buckets
  return (
    <>
      <header class="head">
        <h1>Upload</h1>
      </header>
      {isOn ? (
        <Uploader facts={facts} viewer={viewer} />
      ) : viewer.hasUploads ? (
        <p class="verdict calm">Uploading needs the role operator; you are logged in as {viewer.role}.</p>
      ) : (
        <p class="verdict calm">
          This runtime has no account for uploads: set <code>MINIO_UPLOADER_ACCESS_KEY</code> and{' '}
          <code>MINIO_UPLOADER_SECRET_KEY</code>. Until then upload with an S3 client:{' '}
          <code>mc cp film.mov {`<alias>/${first}/`}</code>
        </p>
      )}
    </>
  )
}

function Uploader({ facts, viewer }: { readonly facts: UploadFacts; readonly viewer: Viewer }) {
  const { base } = viewer
  const { buckets, functions, again } = facts
  const shown = again?.bucket ?? buckets[0] ?? 'incoming'
  return (
    <>
      {again && (
        <p class="quiet">
          To replace it, choose a file with the same name: <bdi>{printable(again.name)}</bdi>
        </p>
      )}
      <noscript>
        <p class="notice">
          Uploading from this page needs JavaScript. With MinIO's client:{' '}
          <code>mc cp film.mov {`<alias>/${buckets[0] ?? 'incoming'}/`}</code>
        </p>
      </noscript>
      <form
        class="uploader"
        data-uploader={`${base}/v1`}
        data-object={`${base}/objects/{bucket}?key={key}`}
        action={`${base}/upload`}
      >
        <label class="drop">
          <input type="file" name="files" multiple class="hidden" />
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path d="M16 22V6m0 0l-6 6m6-6l6 6M5 20v6h22v-6" />
          </svg>
          <b>Drop files here</b>
          <span class="quiet">or choose them. They go straight to the store, whatever their size.</span>
        </label>
        <div class="fields">
          {buckets.length > 1 && (
            <label>
              Bucket
              <select name="bucket">
                {buckets.map((bucket) => (
                  <option selected={bucket === shown}>{bucket}</option>
                ))}
              </select>
            </label>
          )}
          {buckets.length <= 1 && <input type="hidden" name="bucket" value={shown} />}
          <label class="grow">
            Folder
            <input
              type="text"
              name="folder"
              value={again?.folder}
              placeholder="none"
              autocomplete="off"
              spellcheck={false}
            />
          </label>
        </div>
        {buckets.map((bucket) => (
          <FunctionsOf bucket={bucket} functions={functions[bucket] ?? []} isShown={bucket === shown} />
        ))}
      </form>
      <section aria-labelledby="sent" hidden data-sent>
        <h2 id="sent">Sent from this page</h2>
        <ul class="uploads" id="uploads" data-keep></ul>
      </section>
    </>
  )
}

function FunctionsOf(props: {
  readonly bucket: string
  readonly functions: readonly FunctionFields[]
  readonly isShown: boolean
}) {
  const { bucket, functions, isShown } = props
  return (
    <fieldset class="functions" data-bucket={bucket} hidden={!isShown}>
      <legend>What is made of it</legend>
      {functions.map(({ name, isAsked, fields }) => (
        <div class="function">
          <label>
            <input type="checkbox" name="make" value={name} checked={!isAsked} disabled={!isAsked} />
            <b>{name}</b> {!isAsked && <small class="quiet">always</small>}
          </label>
          {fields.length > 0 && (
            <details id={`options-${bucket}-${name}`}>
              <summary>
                Options<span class="hidden"> of {name}</span>
              </summary>
              <div class="options">
                {fields.map((field) => (
                  <OptionInput field={field} />
                ))}
              </div>
            </details>
          )}
        </div>
      ))}
    </fieldset>
  )
}
