/** MinIO: there, with buckets that remember and forget as they should, and watermarks. @module */
import { allBuckets, BUCKETS } from '../../storage/provision/policies.ts'
import { isStorageCode } from '../../storage/errors.ts'
import { messageOf } from '../../errors.ts'
import { mergeLifecycle } from '../../storage/provision/lifecycle-rules.ts'
import { readWatermarkMs } from '../../storage/provision/watermark.ts'
import type { Requester } from '../../storage/request.ts'
import { parseXml, textOf } from '../../storage/xml.ts'
import { fail, ok, skipped, warn, type Finding, type Findings } from './finding.ts'
import { isHere, localStart, setupLine, type Account, type Patient } from './patient.ts'

export async function* checkMinio(patient: Patient): Findings {
  const server = await checkServer(patient)
  yield server
  if (server.status === 'fail') return
  if (patient.root) {
    const refusal = await refusalOf(patient.root)
    yield refusal
      ? fail(
          'root account',
          refusal,
          'export MINIO_ROOT_USER=… MINIO_ROOT_PASSWORD=…   # those that MinIO was started with',
        )
      : ok('root account', 'MinIO takes it')
    yield* checkBuckets(patient, refusal ? patient.runtime : patient.root, refusal ? undefined : patient.root)
  } else yield* checkBuckets(patient, patient.runtime, undefined)
}

async function checkServer({ config, invocation }: Patient): Promise<Finding> {
  const { minioEndpoint: endpoint } = config
  const repair = 'export MINIO_ENDPOINT=http://<host>:9000'
  try {
    const response = await fetch(`${endpoint}/minio/health/ready`, { signal: AbortSignal.timeout(5_000) })
    await response.body?.cancel()
    if (response.ok) return ok('server', `${endpoint} is ready`)
    return response.headers.get('server') === 'MinIO'
      ? fail(
          'server',
          `${endpoint} is not ready (${response.status}): it starts, or lacks drives`,
          'mc admin info <alias>',
        )
      : fail('server', `what answers at ${endpoint} is no MinIO (${response.status})`, repair)
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException }
    const why = cause?.code ?? cause?.message ?? messageOf(error)
    const start = isHere(new URL(endpoint).hostname) ? localStart(invocation) : undefined
    return fail('server', `${endpoint} (MINIO_ENDPOINT) does not answer: ${why}`, start ?? repair)
  }
}

/** Why MinIO does not take an account; undefined when it does. A bucket that is missing is another matter. */
export async function refusalOf({ requester, credentials, name }: Account): Promise<string | undefined> {
  try {
    await requester.read({ method: 'GET', bucket: BUCKETS[0], query: { location: '' } })
    return undefined
  } catch (error) {
    if (isStorageCode(error, 'NoSuchBucket')) return undefined
    if (isStorageCode(error, 'InvalidAccessKeyId')) return `MinIO knows no account ${credentials.accessKey}`
    if (isStorageCode(error, 'SignatureDoesNotMatch'))
      return `the secret of ${credentials.accessKey} is another one`
    // Other accounts are told by their rights.
    return isStorageCode(error, 'AccessDenied') && name !== 'root' ? undefined : messageOf(error)
  }
}

async function* checkBuckets(
  patient: Patient,
  asking: Account | undefined,
  root: Account | undefined,
): Findings {
  if (!asking) {
    yield skipped('buckets', 'that needs MINIO_ACCESS_KEY or MINIO_ROOT_USER, with their secrets')
    return
  }
  const repair = setupLine(patient)
  const missing: string[] = []
  const there: string[] = []
  for (const bucket of allBuckets(patient.functions)) {
    const isMissing = await asking.requester
      .read({ method: 'HEAD', bucket })
      .then(() => false)
      .catch((error: unknown) => isStorageCode(error, 'NoSuchBucket', 'NotFound'))
    ;(isMissing ? missing : there).push(bucket)
  }
  yield missing.length > 0
    ? fail('buckets', `there is no ${missing.join(', no ')}`, repair)
    : ok('buckets', there.join(', '))
  const ours = there.filter((bucket) => BUCKETS.some((own) => own === bucket))
  if (root) yield* checkMemory(root.requester, ours, repair)
  else yield skipped('versioning and lifecycle', 'that needs MINIO_ROOT_USER and MINIO_ROOT_PASSWORD')
  if (!missing.includes('metadata')) yield await checkWatermarks(patient, asking, repair)
}

/** What remembers old versions, and what forgets them. */
async function* checkMemory(requester: Requester, buckets: readonly string[], repair: string): Findings {
  const without: string[] = []
  const forgetful: string[] = []
  for (const bucket of buckets) {
    if (bucket !== 'temporary' && !(await isVersioned(requester, bucket))) without.push(bucket)
    const xml = await requester
      .read({ method: 'GET', bucket, query: { lifecycle: '' } })
      .then(({ text }) => text)
      .catch((error: unknown) => {
        if (isStorageCode(error, 'NoSuchLifecycleConfiguration')) return ''
        throw error
      })
    if (mergeLifecycle(xml, bucket === 'temporary' ? 'temporary' : 'old-versions') !== undefined)
      forgetful.push(bucket)
  }
  yield without.length > 0
    ? fail(
        'versioning',
        `off in ${without.join(', ')}: an upload that replaces another takes its bytes away while they are read`,
        repair,
      )
    : ok('versioning', 'on')
  yield forgetful.length > 0
    ? fail(
        'lifecycle',
        `missing or changed in ${forgetful.join(', ')}: what is replaced or temporary is kept for ever`,
        repair,
      )
    : ok('lifecycle', 'old versions and temporary objects expire')
}

async function isVersioned(requester: Requester, bucket: string): Promise<boolean> {
  const { text } = await requester.read({ method: 'GET', bucket, query: { versioning: '' } })
  return textOf(parseXml(text, 'VersioningConfiguration'), 'Status') === 'Enabled'
}

async function checkWatermarks(patient: Patient, asking: Account, repair: string): Promise<Finding> {
  const missing: string[] = []
  for (const { name } of patient.functions) {
    try {
      if ((await readWatermarkMs(asking.storage, name)) === undefined) missing.push(name)
    } catch (error) {
      return warn('watermarks', `cannot be read: ${messageOf(error)}`, repair)
    }
  }
  return missing.length > 0
    ? fail(
        'watermarks',
        `none for ${missing.join(', ')}: nobody knows since when its uploads are to be run`,
        repair,
      )
    : ok('watermarks', `of ${patient.functions.length} functions`)
}
