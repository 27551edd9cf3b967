/** Policies of the accounts, from the list of functions. Pure. @module */
import { OWN_FOLDER } from '../../output/layout.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import {
  BUCKETS,
  INCOMING_BUCKET,
  METADATA_BUCKET,
  RESULT_BUCKET,
  TEMPORARY_BUCKET,
} from '../../storage/names.ts'

export type FunctionBuckets = Pick<FunctionDefinition, 'name' | 'bucket' | 'outputBucket'> &
  Partial<Pick<FunctionDefinition, 'afterSuccess'>>

export interface Policy {
  readonly Version: '2012-10-17'
  readonly Statement: readonly Statement[]
}

interface Statement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
  readonly Condition?: { readonly StringLike: Readonly<Record<string, readonly string[]>> }
}

/** Pieces of streams in {@link INCOMING_BUCKET}, their playlists in {@link RESULT_BUCKET}; only reception writes there. */
export const STREAMS_FOLDER = 'streams/'

const READ = ['s3:GetObject', 's3:GetObjectVersion']
const LIST = ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketVersions']
const DELETE = ['s3:DeleteObject', 's3:DeleteObjectVersion']
const WRITE = ['s3:PutObject', ...DELETE]
/** `mc cp` sends large files in parts; it asks for the location first. */
const UPLOAD = ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts']
/** Mirroring lists the target: without that right `mc mirror` uploads nothing and exits with 0. */
const UPLOAD_TO = ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads']

/** Buckets for uploads: the sources of functions that other functions do not write to. */
export function uploadBuckets(functions: readonly FunctionBuckets[]): readonly string[] {
  const written = writtenBuckets(functions)
  return unique([INCOMING_BUCKET, ...functions.map((fn) => fn.bucket)]).filter(
    (bucket) => !written.includes(bucket),
  )
}

/** Buckets that the runtime writes to. */
function writtenBuckets(functions: readonly FunctionBuckets[]): readonly string[] {
  return unique([RESULT_BUCKET, METADATA_BUCKET, TEMPORARY_BUCKET, ...functions.map((fn) => fn.outputBucket)])
}

/** Buckets with results that no function reads: only their removal is announced. */
export function resultBuckets(functions: readonly FunctionBuckets[]): readonly string[] {
  const outputs = unique(functions.map((fn) => fn.outputBucket))
  return outputs.filter((bucket) => functions.every((fn) => fn.bucket !== bucket))
}

/** Every bucket that has to exist. */
export function allBuckets(functions: readonly FunctionBuckets[]): readonly string[] {
  return unique([...BUCKETS, ...uploadBuckets(functions), ...writtenBuckets(functions)])
}

/** The runtime's policy: reads sources, and may do everything with results. */
export function runtimePolicy(functions: readonly FunctionBuckets[]): Policy {
  const [sources, written] = [uploadBuckets(functions), writtenBuckets(functions)]
  const emptied = sources.filter((bucket) =>
    functions.some((fn) => fn.bucket === bucket && fn.afterSuccess === 'remove'),
  )
  return policyOf([
    allow(LIST, [...sources, ...written]),
    allow(READ, objectsIn([...sources, ...written])),
    allow(WRITE, objectsIn(written)),
    // Only where a function asks for it: otherwise uploads are never deleted.
    ...(emptied.length > 0 ? [allow(DELETE, objectsIn(emptied))] : []),
  ])
}

/** The uploader's policy: may write sources and read results and verdicts. */
export function uploaderPolicy(functions: readonly FunctionBuckets[]): Policy {
  const sources = uploadBuckets(functions)
  const results = writtenBuckets(functions).filter((bucket) => bucket !== TEMPORARY_BUCKET)
  return policyOf([
    allow(UPLOAD_TO, sources),
    allow(UPLOAD, objectsIn(sources)),
    allow(['s3:GetBucketLocation', 's3:ListBucket'], results),
    allow(['s3:GetObject'], objectsIn(results)),
    // The runtime's own records, watermarks among them.
    { ...allow(['s3:GetObject'], [`${METADATA_BUCKET}/${OWN_FOLDER}*`]), Effect: 'Deny' },
    // A piece that no sender sent would be a part of somebody's stream.
    { ...allow(UPLOAD, [`${INCOMING_BUCKET}/${STREAMS_FOLDER}*`]), Effect: 'Deny' },
  ])
}

/**
 * The policy of reception: writes and reads what belongs to streams, and nothing else. It cannot remove a piece, and of playlists
 * only a given version (each new one removes the version that it replaced).
 *
 * @remarks The names of wanted streams and the hashes of stream keys lie in the runtime's own records: it reads them, so that
 *   reception outlives Redis.
 */
export function streamsPolicy(): Policy {
  const records = `${OWN_FOLDER}${STREAMS_FOLDER}`
  const below = (prefix: string) => ({ StringLike: { 's3:prefix': [`${prefix}*`] } })
  const listing = ['s3:ListBucket', 's3:ListBucketVersions']
  const [pieces, results] = [INCOMING_BUCKET, RESULT_BUCKET].map((bucket) => `${bucket}/${STREAMS_FOLDER}*`)
  return policyOf([
    allow(['s3:GetBucketLocation'], [INCOMING_BUCKET, RESULT_BUCKET, METADATA_BUCKET]),
    { ...allow(listing, [INCOMING_BUCKET, RESULT_BUCKET]), Condition: below(STREAMS_FOLDER) },
    { ...allow(['s3:ListBucket'], [METADATA_BUCKET]), Condition: below(records) },
    allow(['s3:PutObject', 's3:GetObject'], [pieces as string, results as string]),
    // MinIO asks for the first even when a version is named; the condition leaves out removals without one.
    { ...allow(DELETE, [results as string]), Condition: { StringLike: { 's3:versionid': ['?*'] } } },
    allow(['s3:GetObject'], [`${METADATA_BUCKET}/${records}*`]),
  ])
}

/** The policy of Prometheus: reads MinIO's metrics, and nothing that is stored in it. */
export const METRICS_POLICY: Policy = policyOf([allow(['admin:Prometheus'], ['*'])])

function policyOf(statements: readonly Statement[]): Policy {
  return { Version: '2012-10-17', Statement: statements }
}

function allow(actions: readonly string[], resources: readonly string[]): Statement {
  return { Effect: 'Allow', Action: actions, Resource: resources.map((name) => `arn:aws:s3:::${name}`) }
}

function objectsIn(buckets: readonly string[]): readonly string[] {
  return buckets.map((bucket) => `${bucket}/*`)
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}
