/**
 * Set-up with root's credentials: buckets, lifecycle, users, watermarks, notification rules. Idempotent; what others
 * made in MinIO stays. The runtime never has these credentials.
 * @module
 */
import { createHash } from 'node:crypto'
import type { Credentials } from '../../settings/config.ts'
import { ConfigError } from '../../errors.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { storageOn } from '../../storage/client.ts'
import { isStorageCode } from '../../storage/errors.ts'
import { eventTargetLines } from './event-targets.ts'
import { mergeLifecycle, type Forgetting } from './lifecycle.ts'
import { mergeNotifications, type Told } from './notifications.ts'
import {
  METRICS_POLICY,
  allBuckets,
  resultBuckets,
  runtimePolicy,
  uploaderPolicy,
  type FunctionBuckets,
} from './policies.ts'
import { createRequester, type Requester } from '../../storage/request.ts'
import { createUsers, type User } from './users.ts'
import { createWatermark } from '../../records/watermark.ts'
import { parseXml, textOf } from '../../storage/xml.ts'
import { BUCKETS, TEMPORARY_BUCKET } from '../../storage/names.ts'

export interface ProvisionOptions {
  readonly endpoint: string
  readonly region: string
  readonly rootCredentials: Credentials
  readonly functions: readonly FunctionBuckets[]
  /** SLUICE_NAME: part of the list's key in Redis and of the names of policies. */
  readonly name: string
  /** For the lines that MinIO must be started with, should they be missing. */
  readonly redisUrl: string
  readonly isStrictEvents: boolean
  /** Absent: users are made by somebody else. */
  readonly users?: {
    readonly mcPath: string
    readonly runtime: Credentials
    readonly uploader?: Credentials
    /** Of Prometheus. */
    readonly metrics?: Credentials
  }
  readonly log?: Logger
}

/**
 * What was changed, in words; empty when all was there. (Users are brought up to date each time and not listed.)
 *
 * @throws {ConfigError} when the credentials are wrong, a bucket's name is, or MinIO lacks our event targets
 * @throws {StorageError} when MinIO cannot be reached
 */
export async function provision(options: ProvisionOptions): Promise<readonly string[]> {
  const { endpoint, region, rootCredentials, functions, log } = options
  const requester = createRequester({ endpoint, region, credentials: rootCredentials, ...(log && { log }) })
  const storage = storageOn(requester)
  const changes: string[] = []
  try {
    for (const bucket of allBuckets(functions))
      changes.push(...(await setUpBucket(requester, options, bucket)))
    if (options.users) {
      await createUsers(
        { endpoint, rootCredentials, mcPath: options.users.mcPath },
        usersOf(options, options.users),
      )
    }
    // Before the rules: whatever is announced by them is then newer than the watermark.
    for (const { name } of functions) {
      if (await createWatermark(storage, name)) changes.push(`set the watermark of function "${name}"`)
    }
    const sources = new Set(functions.map((fn) => fn.bucket))
    for (const bucket of sources) changes.push(...(await bindEvents(requester, options, bucket, 'uploads')))
    for (const bucket of resultBuckets(functions))
      changes.push(...(await bindEvents(requester, options, bucket, 'removed results')))
  } finally {
    requester.close()
  }
  for (const change of changes) log?.info(change)
  return changes
}

async function setUpBucket(
  requester: Requester,
  options: ProvisionOptions,
  bucket: string,
): Promise<readonly string[]> {
  const isNew = await createBucket(requester, options, bucket)
  const changes = isNew ? [`created bucket "${bucket}"`] : []
  // A bucket of somebody else's is theirs: it gets our events, and no rule that deletes.
  if (!isNew && !BUCKETS.some((own) => own === bucket)) return changes
  const isTemporary = bucket === TEMPORARY_BUCKET
  if (!isTemporary && (await enableVersioning(requester, bucket))) {
    changes.push(`enabled versioning of bucket "${bucket}"`)
  }
  if (await setLifecycle(requester, bucket, isTemporary ? 'temporary' : 'old-versions')) {
    changes.push(`set the lifecycle of bucket "${bucket}"`)
  }
  return changes
}

/** @throws {ConfigError} when root's credentials are refused: this is the first call of a set-up */
async function createBucket(
  requester: Requester,
  options: ProvisionOptions,
  bucket: string,
): Promise<boolean> {
  try {
    await requester.read({ method: 'GET', bucket, query: { location: '' } })
    return false
  } catch (error) {
    if (isStorageCode(error, 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'AccessDenied')) {
      throw new ConfigError([
        `MINIO_ROOT_USER, MINIO_ROOT_PASSWORD: MinIO at ${options.endpoint} refuses them (${error.code}); give those it was started with`,
      ])
    }
    if (isStorageCode(error, 'InvalidRequest', 'InvalidBucketName')) {
      const users = options.functions.filter((fn) => fn.bucket === bucket || fn.outputBucket === bucket)
      const names = users.map((fn) => `function "${fn.name}"`).join(', ')
      throw new ConfigError([
        `${names}: "${bucket}" is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens`,
      ])
    }
    if (!isStorageCode(error, 'NoSuchBucket')) throw error
  }
  try {
    await requester.read({ method: 'PUT', bucket })
    return true
  } catch (error) {
    // Another set-up was faster.
    if (isStorageCode(error, 'BucketAlreadyOwnedByYou')) return false
    throw error
  }
}

async function enableVersioning(requester: Requester, bucket: string): Promise<boolean> {
  const query = { versioning: '' }
  const { text } = await requester.read({ method: 'GET', bucket, query })
  if (textOf(parseXml(text, 'VersioningConfiguration'), 'Status') === 'Enabled') return false
  await write(
    requester,
    bucket,
    query,
    '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  )
  return true
}

async function setLifecycle(requester: Requester, bucket: string, forgetting: Forgetting): Promise<boolean> {
  const query = { lifecycle: '' }
  const current = await requester.read({ method: 'GET', bucket, query }).catch((error: unknown) => {
    if (isStorageCode(error, 'NoSuchLifecycleConfiguration')) return { text: '' }
    throw error
  })
  const merged = mergeLifecycle(current.text, forgetting)
  if (merged !== undefined) await write(requester, bucket, query, merged)
  return merged !== undefined
}

async function bindEvents(
  requester: Requester,
  options: ProvisionOptions,
  bucket: string,
  told: Told,
): Promise<readonly string[]> {
  const { name, redisUrl, isStrictEvents: isStrict, endpoint } = options
  const query = { notification: '' }
  const { text } = await requester.read({ method: 'GET', bucket, query })
  const merged = mergeNotifications(text, { isStrict, told })
  if (merged === undefined) return []
  try {
    await write(requester, bucket, query, merged)
  } catch (error) {
    if (!isStorageCode(error, 'InvalidArgument')) throw error
    throw new ConfigError([
      `MinIO at ${endpoint} does not take our event targets for bucket "${bucket}" (${error.message}). Start it with:`,
      ...eventTargetLines({ redisUrl, name, isStrict }).map((line) => `  ${line}`),
      'and where these are set already, look for rules with a target that is gone: mc event list',
    ])
  }
  return [
    told === 'uploads'
      ? `bound the events of bucket "${bucket}"`
      : `bound the removals of results in bucket "${bucket}"`,
  ]
}

async function write(
  requester: Requester,
  bucket: string,
  query: Readonly<Record<string, string>>,
  xml: string,
): Promise<void> {
  const bytes = Buffer.from(xml)
  const headers = { 'content-md5': createHash('md5').update(bytes).digest('base64') }
  await requester.read({ method: 'PUT', bucket, query, body: { bytes }, headers })
}

function usersOf(
  { functions, name, rootCredentials }: ProvisionOptions,
  users: NonNullable<ProvisionOptions['users']>,
): readonly User[] {
  const all: User[] = [
    { credentials: users.runtime, policyName: `${name}-runtime`, policy: runtimePolicy(functions) },
  ]
  if (users.uploader) {
    const credentials = users.uploader
    all.push({ credentials, policyName: `${name}-uploader`, policy: uploaderPolicy(functions) })
  }
  if (users.metrics)
    all.push({ credentials: users.metrics, policyName: `${name}-metrics`, policy: METRICS_POLICY })
  if (all.some(({ credentials }) => credentials.accessKey === rootCredentials.accessKey)) {
    throw new ConfigError([
      'MINIO_ACCESS_KEY, MINIO_UPLOADER_ACCESS_KEY, MINIO_METRICS_ACCESS_KEY: one of them is the root user; give names of their own',
    ])
  }
  return all
}
