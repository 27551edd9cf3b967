/** The accounts of runtime, uploader and reception: their rights in each bucket, tried without leaving a trace. @module */
import { OWN_FOLDER } from '../../output/layout.ts'
import { randomUUID } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import { isStorageCode } from '../../storage/errors.ts'
import { allBuckets, STREAMS_FOLDER, uploadBuckets } from '../../setup/minio/policies.ts'
import type { Storage } from '../../storage/storage.ts'
import { checkBrowserUploads } from './browser-uploads.ts'
import { fail, ok, warn, skipped, type Finding, type Findings } from './finding.ts'
import { refusalOf } from './minio.ts'
import { setupLine, type Account, type Subject } from './subject.ts'
import { INCOMING_BUCKET, METADATA_BUCKET, RESULT_BUCKET, TEMPORARY_BUCKET } from '../../storage/names.ts'

type Right = 'list' | 'list versions of' | 'read' | 'write' | 'delete in'

/** There is no object with this key, and there never will be. */
const KEY = `${OWN_FOLDER}doctor`

export async function* checkAccounts(subject: Subject): Findings {
  const { functions, runtime, uploader } = subject
  const sources = uploadBuckets(functions)
  const written = allBuckets(functions).filter((bucket) => !sources.includes(bucket))
  const results = written.filter((bucket) => bucket !== TEMPORARY_BUCKET)
  const emptied = sources.filter((bucket) =>
    functions.some((fn) => fn.bucket === bucket && fn.afterSuccess === 'remove'),
  )
  if (runtime) {
    yield await checkAccount(subject, runtime, [
      ...sources.flatMap((bucket) => rights(bucket, 'list', 'list versions of', 'read')),
      ...emptied.flatMap((bucket) => rights(bucket, 'delete in')),
      ...written.flatMap((bucket) =>
        rights(bucket, 'list', 'list versions of', 'read', 'write', 'delete in'),
      ),
    ])
    const isRoot = runtime.credentials.accessKey === subject.config.rootCredentials?.accessKey
    const [source = 'incoming'] = sources
    if (isRoot || (await refusal(runtime.storage, source, 'write')) === undefined) {
      yield warn(
        'least privilege',
        `the runtime's account may write in ${source}, which it never needs${isRoot ? ': it is the root account' : ''}`,
        `MINIO_ACCESS_KEY=… MINIO_SECRET_KEY=… ${setupLine(subject)}   # with its own account`,
      )
    }
  } else yield skipped('runtime account', 'this needs MINIO_ACCESS_KEY and MINIO_SECRET_KEY')
  if (uploader) {
    yield await checkAccount(subject, uploader, [
      ...sources.flatMap((bucket) => rights(bucket, 'write')),
      ...results.flatMap((bucket) => rights(bucket, 'list', 'read')),
    ])
  } else
    yield skipped('uploader account', 'this needs MINIO_UPLOADER_ACCESS_KEY and MINIO_UPLOADER_SECRET_KEY')
  yield await checkBrowserUploads(subject)
  yield* checkStreamsAccount(subject)
}

/** Nothing where no streams are received. */
async function* checkStreamsAccount(subject: Subject): Findings {
  const { streams } = subject
  if (streams) {
    const key = `${STREAMS_FOLDER}doctor`
    yield await checkAccount(subject, streams, [
      ...rights(INCOMING_BUCKET, 'list', 'list versions of', 'read', 'write').map((each) => ({
        ...each,
        key,
      })),
      ...rights(RESULT_BUCKET, 'list', 'list versions of', 'read', 'write', 'delete in').map((each) => ({
        ...each,
        key,
      })),
      ...rights(METADATA_BUCKET, 'list', 'read').map((each) => ({ ...each, key: `${OWN_FOLDER}${key}` })),
    ])
  } else if (subject.config.roles.includes('streams'))
    yield skipped('streams account', 'this needs MINIO_STREAMS_ACCESS_KEY and MINIO_STREAMS_SECRET_KEY')
}

interface WantedRight {
  readonly bucket: string
  readonly right: Right
  /** Tried on this key, in which there never is an object. */
  readonly key?: string
}

function rights(bucket: string, ...wanted: readonly Right[]): readonly WantedRight[] {
  return wanted.map((right) => ({ bucket, right }))
}

async function checkAccount(
  subject: Subject,
  account: Account,
  wanted: readonly WantedRight[],
): Promise<Finding> {
  const check = `${account.name} account`
  const repair = setupLine(subject)
  const refused = await refusalOf(account)
  if (refused) return fail(check, refused, repair)
  const missing: string[] = []
  for (const { bucket, right, key } of wanted) {
    const reason = await refusal(account.storage, bucket, right, key)
    if (reason === 'denied') missing.push(`${right} ${bucket}`)
    else if (reason !== undefined) return fail(check, reason, repair)
  }
  return missing.length > 0
    ? fail(check, `${account.credentials.accessKey} may not ${missing.join(', ')}`, repair)
    : ok(check, `${account.credentials.accessKey} has all the rights it needs`)
}

/** The reason why it may not; undefined when it may. A missing bucket is another check's finding. */
async function refusal(
  storage: Storage,
  bucket: string,
  right: Right,
  key?: string,
): Promise<string | undefined> {
  try {
    await tryRight(storage, bucket, right, key)
    return undefined
  } catch (error) {
    if (isStorageCode(error, 'NoSuchBucket', 'NoSuchKey', 'PreconditionFailed')) return undefined
    return isStorageCode(error, 'AccessDenied') ? 'denied' : messageOf(error)
  }
}

async function tryRight(storage: Storage, bucket: string, right: Right, key = KEY): Promise<void> {
  switch (right) {
    case 'list':
    case 'list versions of':
      for await (const _ of storage.list(bucket, {
        pageSize: 1,
        prefix: key,
        versions: right === 'list versions of',
      }))
        break
      return
    case 'read':
      // Not in the runtime's own folder, which uploaders may not read.
      await storage.readText(bucket, key === KEY ? 'sluice-doctor' : key)
      return
    case 'write':
      // MinIO checks rights before conditions, and this condition never holds.
      await storage.put(
        bucket,
        key,
        { bytes: Buffer.from('doctor') },
        { contentType: 'text/plain', ifMatch: 'never' },
      )
      return
    case 'delete in':
      // A version that never existed: without one, a delete marker would be left.
      await storage.remove(bucket, key, { versionId: randomUUID() })
  }
}
