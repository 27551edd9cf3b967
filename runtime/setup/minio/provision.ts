/**
 * Prepares MinIO with root's credentials: buckets, lifecycle, users, watermarks, notification rules. Idempotent, and leaves the
 * work of others in MinIO alone. The runtime never has these credentials.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from 'minio'
import type { Credentials } from '../../settings/config.ts'
import { ConfigError, messageOf } from '../../errors.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { storageOn } from '../../storage/client.ts'
import { isStorageCode } from '../../storage/errors.ts'
import { bucketClient, enableVersioning, makeBucket } from './buckets.ts'
import { setLifecycle } from './lifecycle.ts'
import { bindEvents } from './notifications.ts'
import {
  allBuckets,
  type FunctionBuckets,
  METRICS_POLICY,
  type Policy,
  resultBuckets,
  runtimePolicy,
  streamsPolicy,
  uploaderPolicy,
} from './policies.ts'
import { createRequester, type Requester } from '../../storage/request.ts'
import { createWatermark } from '../../records/watermark.ts'
import { BUCKETS, TEMPORARY_BUCKET } from '../../storage/names.ts'
import { ALIAS, type McOptions, withMc } from './mc.ts'

export interface ProvisionOptions {
  readonly endpoint: string
  readonly region: string
  readonly rootCredentials: Credentials
  readonly functions: readonly FunctionBuckets[]
  /** SLUICE_NAME: part of the list's key in Redis and of the names of policies. */
  readonly name: string
  /** For the settings that MinIO must be started with, when they are missing. */
  readonly redisUrl: string
  readonly isStrictEvents: boolean
  /** Absent when somebody else creates the users. */
  readonly users?: {
    readonly mcPath: string
    readonly runtime: Credentials
    readonly uploader?: Credentials
    /** The account of Prometheus. */
    readonly metrics?: Credentials
    /** The account of reception. */
    readonly streams?: Credentials
  }
  readonly log?: Logger
}

/**
 * The changes, in words; empty when nothing had to change. (Users are brought up to date each time and not listed.)
 *
 * @throws {ConfigError} when the credentials or the name of a bucket are wrong, or MinIO lacks our event targets
 * @throws {StorageError} when MinIO cannot be reached
 */
export async function provision(options: ProvisionOptions): Promise<readonly string[]> {
  const { endpoint, region, rootCredentials, functions, log } = options
  const requester = createRequester({ endpoint, region, credentials: rootCredentials, ...(log && { log }) })
  const storage = storageOn(requester)
  const changes: string[] = []
  try {
    const client = await bucketClient({ endpoint, region, credentials: rootCredentials })
    for (const bucket of allBuckets(functions))
      changes.push(...(await setUpBucket(requester, client, options, bucket)))
    if (options.users) {
      await createUsers(
        { endpoint, rootCredentials, mcPath: options.users.mcPath },
        usersOf(options, options.users),
      )
    }
    // Before the rules, so that everything they announce is newer than the watermark.
    for (const { name } of functions) {
      if (await createWatermark(storage, name)) changes.push(`set the watermark of function "${name}"`)
    }
    const sources = new Set(functions.map((fn) => fn.bucket))
    const wanted = {
      endpoint,
      redisUrl: options.redisUrl,
      name: options.name,
      isStrict: options.isStrictEvents,
    }
    for (const bucket of sources)
      if (await bindEvents(requester, wanted, bucket, 'uploads'))
        changes.push(`bound the events of bucket "${bucket}"`)
    for (const bucket of resultBuckets(functions))
      if (await bindEvents(requester, wanted, bucket, 'removed results'))
        changes.push(`bound the removals of results in bucket "${bucket}"`)
  } finally {
    requester.close()
  }
  for (const change of changes) log?.info(change)
  return changes
}

async function setUpBucket(
  requester: Requester,
  client: Client,
  options: ProvisionOptions,
  bucket: string,
): Promise<readonly string[]> {
  const isNew = await createBucket(requester, client, options, bucket)
  const changes = isNew ? [`created bucket "${bucket}"`] : []
  // A bucket that somebody else created gets our events, and no rule that deletes.
  if (!isNew && !BUCKETS.some((own) => own === bucket)) return changes
  const isTemporary = bucket === TEMPORARY_BUCKET
  if (!isTemporary && (await enableVersioning(requester, client, bucket))) {
    changes.push(`enabled versioning of bucket "${bucket}"`)
  }
  if (await setLifecycle(requester, bucket, isTemporary ? 'temporary' : 'old-versions')) {
    changes.push(`set the lifecycle of bucket "${bucket}"`)
  }
  return changes
}

/** @throws {ConfigError} when root's credentials are refused: this is the first call of a setup */
async function createBucket(
  requester: Requester,
  client: Client,
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
        `${names}: "${bucket}" is not a valid bucket name: 3 to 63 lower-case letters, digits, dots and hyphens`,
      ])
    }
    if (!isStorageCode(error, 'NoSuchBucket')) throw error
  }
  try {
    await makeBucket(requester, client, bucket)
    return true
  } catch (error) {
    // Another setup was faster.
    if (isStorageCode(error, 'BucketAlreadyOwnedByYou')) return false
    throw error
  }
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
  if (users.streams)
    all.push({ credentials: users.streams, policyName: `${name}-streams`, policy: streamsPolicy() })
  if (all.some(({ credentials }) => credentials.accessKey === rootCredentials.accessKey)) {
    throw new ConfigError([
      'MINIO_ACCESS_KEY, MINIO_UPLOADER_ACCESS_KEY, MINIO_METRICS_ACCESS_KEY, MINIO_STREAMS_ACCESS_KEY: one of them is the root user; give each account its own name',
    ])
  }
  return all
}

export interface User {
  readonly credentials: Credentials
  readonly policyName: string
  readonly policy: Policy
}

/**
 * Creates each user with its policy, or brings them up to date.
 *
 * @throws {ConfigError} when MinIO refuses; no secret is in its text
 */
export async function createUsers(options: McOptions, users: readonly User[]): Promise<void> {
  await withMc(options, async (mc, dir) => {
    for (const { credentials, policyName, policy } of users) {
      const { accessKey, secretKey } = credentials
      const path = join(dir, `${policyName}.json`)
      await writeFile(path, JSON.stringify(policy))
      const secrets = [secretKey]
      await mc(['policy', 'create', ALIAS, policyName, path], { secrets })
      // The secret is on standard input, since every user of a machine can read its command lines.
      await mc(['user', 'add', ALIAS, accessKey], { input: `${secretKey}\n`, secrets })
      await mc(['policy', 'attach', ALIAS, policyName, '--user', accessKey], { secrets })
    }
  }).catch((error: unknown) => {
    throw new ConfigError([`MinIO at ${options.endpoint}: ${messageOf(error)}`])
  })
}
