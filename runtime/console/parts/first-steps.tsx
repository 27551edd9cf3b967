/** The first page of a console that has seen hardly any files: what to type or drop, and the way of each file so far. @module */
import { formatBytes } from '../../amounts.ts'
import type { Run } from '../../api/runs/model.ts'
import type { FirstFile, FirstFiles, Surroundings } from '../first-files.ts'
import { objectHref } from '../links.ts'
import { mayUpload, type Viewer } from '../viewer.ts'
import { durationText, ObjectLink, RunProgress, Status, Time } from './parts.tsx'

export interface FirstStepsProps {
  readonly first: FirstFiles
  readonly around: Surroundings
  readonly viewer: Viewer
}

export function FirstSteps({ first, around, viewer }: FirstStepsProps) {
  return (
    <>
      {first.files.length > 0 && (
        <section aria-labelledby="first-files">
          <h2 id="first-files">Your first {first.files.length === 1 ? 'file' : 'files'}</h2>
          <ul class="first-files">
            {first.files.map((file) => (
              <Way file={file} base={viewer.base} />
            ))}
          </ul>
        </section>
      )}
      <PutIn first={first} around={around} viewer={viewer} />
    </>
  )
}

/** Uploaded, then each function: the line of a file, which moves while somebody looks. */
function Way({ file, base }: { readonly file: FirstFile; readonly base: string }) {
  const { bucket, key, runs } = file
  const isDone = runs.some(({ status }) => status === 'succeeded')
  return (
    <li id={`way-${runs[0]?.id ?? key}`}>
      <div class="way-file">
        <ObjectLink base={base} bucket={bucket} name={key} />
        <small class="quiet">
          {formatBytes(file.sizeBytes)}, <Time at={file.at} />
        </small>
      </div>
      <ol class="way">
        {runs.toSorted(byName).map((run) => (
          <li>
            <a class="plain" href={`${base}/runs/${run.id}`}>
              {run.function}
            </a>{' '}
            <Status state={run.status} />{' '}
            {run.status === 'running' ? (
              <RunProgress run={run} />
            ) : (
              <small class="quiet">{durationText(run)}</small>
            )}
          </li>
        ))}
      </ol>
      {isDone && (
        <a class="button" href={objectHref(base, bucket, key)}>
          See what came out
        </a>
      )}
    </li>
  )
}

const byName = (a: Run, b: Run) => a.function.localeCompare(b.function)

function PutIn({ first, around, viewer }: FirstStepsProps) {
  const [bucket = 'incoming'] = first.buckets
  return (
    <section aria-labelledby="put-in">
      <h2 id="put-in">{first.files.length === 0 ? 'Nothing has been uploaded yet' : 'The next one'}</h2>
      <p>
        {first.files.length === 0 && 'Put a video or a sound in, and watch here what becomes of it. '}
        Functions start by themselves on what arrives in{' '}
        {first.buckets.length === 0
          ? 'their buckets'
          : first.buckets.map((name, at) => (
              <>
                {at > 0 && ', '}
                <code>{name}</code>
              </>
            ))}
        .
      </p>
      <ul class="ways-in">
        {mayUpload(viewer) && (
          <li>
            <h3>With the mouse</h3>
            <p>
              Drop a file on this page, or <a href={`${viewer.base}/upload`}>choose one</a>.
            </p>
          </li>
        )}
        <li>
          <h3>With MinIO’s client</h3>
          <pre tabindex={0}>{clientLines(around, bucket).join('\n')}</pre>
        </li>
        <li>
          <h3>With curl</h3>
          <pre tabindex={0}>{curlLines(around, bucket).join('\n')}</pre>
        </li>
      </ul>
      <p class="quiet">{accountText(around)}</p>
    </section>
  )
}

/** Lines for a terminal; `FILE` is the only word to replace. */
export function clientLines({ storeUrl, localDir }: Surroundings, bucket: string): readonly string[] {
  // The stack's own command has the account already.
  if (localDir !== undefined) return [`npm run -s mc -- cp FILE sluice/${bucket}/`]
  return [`mc alias set sluice ${storeUrl}`, `mc cp FILE sluice/${bucket}/`]
}

export function curlLines({ storeUrl, region, uploader }: Surroundings, bucket: string): readonly string[] {
  return [
    `curl --aws-sigv4 aws:amz:${region}:s3 \\`,
    `  --user ${uploader ?? 'ACCOUNT'} \\`,
    `  -T FILE ${storeUrl}/${bucket}/`,
  ]
}

function accountText({ uploader, localDir }: Surroundings): string {
  const who = uploader === undefined ? 'the account that may upload' : `the account ${uploader}`
  if (localDir !== undefined)
    return `curl asks for the password of ${who}: it is in ${localDir}/credentials.json, under "uploader". Type the lines in the folder of the project.`
  return `Both ask for the password of ${who}; with Docker it is in secrets/minio-uploader.`
}
