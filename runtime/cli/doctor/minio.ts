/** MinIO: its server, buckets with versions and lifecycle rules, and watermarks. @module */
import { BUCKETS, METADATA_BUCKET, TEMPORARY_BUCKET } from '../../storage/names.ts'
import { SECOND_MS, stretched } from '../../time.ts'
import { allBuckets } from '../../setup/minio/policies.ts'
import { isStorageCode } from '../../storage/errors.ts'
import { messageOf } from '../../errors.ts'
import { isVersioned } from '../../setup/minio/buckets.ts'
import { mergeLifecycle, readLifecycle } from '../../setup/minio/lifecycle.ts'
import { readWatermarkMs } from '../../records/watermark.ts'
import type { Requester } from '../../storage/request.ts'
import { fail, type Finding, type Findings, ok, skipped, warn } from './finding.ts'
import { type Account, isHere, localStart, setupLine, type Subject } from './subject.ts'

export async function* checkMinio(subject: Subject): Findings {
  const server = await checkServer(subject)
  yield server
  if (server.status === 'fail') return
  if (subject.root) {
    const refusal = await refusalOf(subject.root)
    yield refusal
      ? fail(
          'root account',
          refusal,
          'export MINIO_ROOT_USER=… MINIO_ROOT_PASSWORD=…   # those that MinIO was started with',
        )
      : ok('root account', 'MinIO accepts it')
    yield* checkBuckets(subject, refusal ? subject.runtime : subject.root, refusal ? undefined : subject.root)
  } else yield* checkBuckets(subject, subject.runtime, undefined)
}

async function checkServer({ config, invocation }: Subject): Promise<Finding> {
  const { minioEndpoint: endpoint } = config
  const repair = 'export MINIO_ENDPOINT=http://<host>:9000'
  try {
    const response = await fetch(`${endpoint}/minio/health/ready`, {
      signal: AbortSignal.timeout(stretched(5 * SECOND_MS)),
    })
    await response.body?.cancel()
    if (response.ok) return ok('server', `${endpoint} is ready`)
    return response.headers.get('server') === 'MinIO'
      ? fail(
          'server',
          `${endpoint} is not ready (${response.status}): it is starting, or drives are missing`,
          'mc admin info <alias>',
        )
      : fail('server', `the server at ${endpoint} is not MinIO (status ${response.status})`, repair)
  } catch (error) {
    const { cause } = error as { cause?: NodeJS.ErrnoException }
    const why = cause?.code ?? cause?.message ?? messageOf(error)
    const start = isHere(new URL(endpoint).hostname) ? localStart(invocation) : undefined
    return fail('server', `${endpoint} (MINIO_ENDPOINT) does not answer: ${why}`, start ?? repair)
  }
}

/** The reason why MinIO does not accept an account; undefined when it does, or when only the bucket is missing. */
export async function refusalOf({ requester, credentials, name }: Account): Promise<string | undefined> {
  try {
    await requester.read({ method: 'GET', bucket: BUCKETS[0], query: { location: '' } })
    return undefined
  } catch (error) {
    if (isStorageCode(error, 'NoSuchBucket')) return undefined
    if (isStorageCode(error, 'InvalidAccessKeyId')) return `MinIO has no account ${credentials.accessKey}`
    if (isStorageCode(error, 'SignatureDoesNotMatch'))
      return `the secret of ${credentials.accessKey} is wrong`
    // The rights of other accounts are checked one by one.
    return isStorageCode(error, 'AccessDenied') && name !== 'root' ? undefined : messageOf(error)
  }
}

/** A bucket exists only when MinIO says so: a refusal or no answer proves nothing. */
export async function* checkBuckets(
  subject: Subject,
  asking: Account | undefined,
  root: Account | undefined,
): Findings {
  if (!asking) {
    yield skipped('buckets', 'this needs MINIO_ACCESS_KEY or MINIO_ROOT_USER, with their secrets')
    return
  }
  const repair = setupLine(subject)
  const missing: string[] = []
  const there: string[] = []
  const unknown: string[] = []
  for (const bucket of allBuckets(subject.functions)) {
    try {
      await asking.requester.read({ method: 'HEAD', bucket })
      there.push(bucket)
    } catch (error) {
      if (isStorageCode(error, 'NoSuchBucket', 'NotFound')) missing.push(bucket)
      else if (isStorageCode(error, 'AccessDenied')) unknown.push(`access to ${bucket} is denied`)
      else unknown.push(`${bucket}: ${messageOf(error)}`)
    }
  }
  if (missing.length > 0) yield fail('buckets', `missing: ${missing.join(', ')}`, repair)
  if (unknown.length > 0)
    yield fail('buckets', `cannot check whether all exist: ${unknown.join('; ')}`, repair)
  if (missing.length === 0 && unknown.length === 0) yield ok('buckets', there.join(', '))
  if (root) yield* checkVersions(root.requester, subject, there)
  else yield skipped('versioning and lifecycle', 'this needs MINIO_ROOT_USER and MINIO_ROOT_PASSWORD')
  if (!missing.includes(METADATA_BUCKET)) yield await checkWatermarks(subject, asking, repair)
}

/** Versioning, and the rules that remove old versions. Setup leaves buckets of others alone, so theirs are warnings. */
async function* checkVersions(requester: Requester, subject: Subject, there: readonly string[]): Findings {
  const repair = setupLine(subject)
  const without: string[] = []
  const forgetful: string[] = []
  for (const bucket of there) {
    const isPlain = bucket !== TEMPORARY_BUCKET && !(await isVersioned(requester, bucket))
    if (isPlain) without.push(bucket)
    const xml = await readLifecycle(requester, bucket)
    const isForgetful = isOurs(bucket)
      ? mergeLifecycle(xml, bucket === TEMPORARY_BUCKET ? 'temporary' : 'old-versions') !== undefined
      : !isPlain && !xml.includes('NoncurrentVersionExpiration')
    if (isForgetful) forgetful.push(bucket)
  }
  const ofOthers = (bucket: string) => !isOurs(bucket)
  const replaced = 'an upload that replaces another removes its bytes while they are being read'
  if (without.some(isOurs))
    yield fail('versioning', `off in ${without.filter(isOurs).join(', ')}: ${replaced}`, repair)
  if (without.some(ofOthers)) {
    const theirs = without.filter(ofOthers)
    yield warn('versioning', `off in ${theirs.join(', ')}: ${replaced}`, ...theirs.map(enableLine))
  }
  if (without.length === 0) yield ok('versioning', 'on')
  yield* judgeRemoval(subject.functions, without)
  if (forgetful.some(isOurs)) {
    const ours = forgetful.filter(isOurs).join(', ')
    yield fail(
      'lifecycle',
      `missing or changed in ${ours}: replaced and temporary objects are kept forever`,
      repair,
    )
  }
  if (forgetful.some(ofOthers)) {
    const theirs = forgetful.filter(ofOthers)
    yield warn(
      'lifecycle',
      `replaced objects in ${theirs.join(', ')} are kept forever`,
      ...theirs.map((bucket) => `mc ilm rule add --noncurrent-expire-days 30 <alias>/${bucket}`),
    )
  }
  if (forgetful.length === 0) yield ok('lifecycle', 'old versions and temporary objects expire')
}

/** Objects are removed by version, so that a newer upload is never hit. Pure. */
export function judgeRemoval(
  functions: Subject['functions'],
  unversioned: readonly string[],
): readonly Finding[] {
  const found = functions.flatMap(({ name, bucket, outputBucket, onDelete, afterSuccess }) => {
    const needed = [
      ...(afterSuccess === 'remove' || onDelete === 'remove' ? [bucket] : []),
      ...(onDelete === 'remove' ? [outputBucket] : []),
    ].filter((each) => unversioned.includes(each))
    return needed.map((each) => ({ name, bucket: each }))
  })
  if (found.length === 0) return []
  const buckets = [...new Set(found.map(({ bucket }) => bucket))]
  const names = [...new Set(found.map(({ name }) => name))].join(', ')
  return [
    warn(
      'removal',
      `${names} would remove sources or results, but nothing is removed without versions, which are off in ${buckets.join(', ')}`,
      ...buckets.map(enableLine),
    ),
  ]
}

function isOurs(bucket: string): boolean {
  return BUCKETS.some((own) => own === bucket)
}

function enableLine(bucket: string): string {
  return `mc version enable <alias>/${bucket}`
}

async function checkWatermarks(subject: Subject, asking: Account, repair: string): Promise<Finding> {
  const missing: string[] = []
  for (const { name } of subject.functions) {
    try {
      if ((await readWatermarkMs(asking.storage, name)) === undefined) missing.push(name)
    } catch (error) {
      return warn('watermarks', `cannot be read: ${messageOf(error)}`, repair)
    }
  }
  return missing.length > 0
    ? fail(
        'watermarks',
        `none for ${missing.join(', ')}: it is not known which of its uploads are new`,
        repair,
      )
    : ok('watermarks', `of ${subject.functions.length} functions`)
}
