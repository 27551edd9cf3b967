/**
 * The commit: a manifest by compare-and-swap. MinIO decides races, the rules of newest decide what may be replaced,
 * and a short-lived signed URL keeps out a worker that slept.
 * @module
 */
import type { Logger } from '../logger.ts'
import { StorageError } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { sleep } from '../time.ts'
import type { AttemptFolder } from './attempt-folder.ts'
import { readCurrent, type CurrentManifest } from './current.ts'
import { decideManifest } from './decide.ts'
import { isLatestVersion } from './latest.ts'
import type { ResultPlace } from './layout.ts'
import { manifestText, type Identity, type Manifest } from './manifest.ts'
import { writePointers } from './pointers.ts'

export interface CommitRequest {
  readonly storage: Storage
  readonly place: ResultPlace
  readonly folder: AttemptFolder
  readonly manifest: Manifest
  /** Whether this attempt is still the newest of its run, asked of the queue. */
  readonly holdsFence: () => Promise<boolean>
  readonly signal?: AbortSignal
  readonly log?: Logger
  /** How long after the question about the fence a manifest may still be written. @defaultValue 60 */
  readonly signedSeconds?: number
}

export type CommitOutcome =
  /** This attempt's manifest stands. */
  | { readonly kind: 'committed' }
  /** The same run was done already: `by` is its manifest's identity, and this attempt's folder is deleted. */
  | { readonly kind: 'adopted'; readonly by: Identity }
  /** A newer upload's result stands (`foreign`: something that is no manifest); this attempt's folder is deleted. */
  | { readonly kind: 'superseded'; readonly by: Identity | 'foreign' }
  /** Another attempt of this run has taken over. */
  | { readonly kind: 'fenced' }

const MAX_ROUNDS = 50
const PAUSE_MS = 100

/**
 * @throws {StorageError} when the store fails. The manifest may have landed all the same: the folder is then held, and
 * the next attempt finds the result by {@link findCommitted}
 */
export async function commit(request: CommitRequest): Promise<CommitOutcome> {
  const { storage, place, folder, signal, log } = request
  let lostReply: StorageError | undefined
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    // In this order: what is signed before the question about the fence cannot be used long after its answer.
    const url = await storage.presignPut(place.bucket, place.manifestKey, request.signedSeconds ?? 60)
    const isOwner = await request.holdsFence()
    const current = await readCurrent(storage, place, signal)
    const decision = await decide(request, current)
    // Before the fence: a manifest that stands is a result, whoever may go on.
    if (decision === 'mine') return committed(request, current)
    if (!isOwner) {
      await folder.discard(signal)
      return { kind: 'fenced' }
    }
    if (decision === 'adopt' && current && current.identity !== 'foreign') {
      await folder.discard(signal)
      await repairPointers(request, current)
      return { kind: 'adopted', by: current.identity }
    }
    if (decision === 'superseded' && current) {
      await folder.discard(signal)
      return { kind: 'superseded', by: current.identity }
    }
    folder.hold()
    const error = await tryPut(request, url, current)
    if (error === undefined) return committed(request, current)
    if (!isRefusal(error)) lostReply = error
    else if (!lostReply) folder.release()
    if (!isWorthAnotherRound(error)) throw error
    log?.debug({ code: error.code, round }, 'the manifest was not written; starting over')
    await sleep(Math.random() * PAUSE_MS * Math.min(round, 10), signal)
  }
  throw new StorageError(
    `the manifest ${JSON.stringify(place.manifestKey)} in bucket "${place.bucket}" could not be written in ${MAX_ROUNDS} rounds; others keep changing it, or the store keeps failing`,
    { code: 'ManifestContended', cause: lostReply },
  )
}

/**
 * The result that makes an attempt needless: the same run's, of its epoch or a later one. Its pointers are repaired.
 * To be asked before the work and answered with `complete`.
 */
export async function findCommitted(
  request: Pick<CommitRequest, 'storage' | 'place' | 'signal'> & {
    readonly run: string
    readonly epoch: number
  },
): Promise<Identity | undefined> {
  const current = await readCurrent(request.storage, request.place, request.signal)
  if (!current || current.identity === 'foreign') return undefined
  const { run, epoch } = current.identity
  if (run !== request.run || epoch < request.epoch) return undefined
  await repairPointers(request, current)
  return current.identity
}

async function decide(request: CommitRequest, current: CurrentManifest | undefined) {
  const { manifest, storage, signal } = request
  const decision = decideManifest(manifest, current?.identity)
  if (decision !== 'ask-store') return decision
  return decideManifest(manifest, current?.identity, await isLatestVersion(storage, manifest.source, signal))
}

async function committed(
  request: CommitRequest,
  before: CurrentManifest | undefined,
): Promise<CommitOutcome> {
  await writePointers({
    ...request,
    // Also those of the result that was replaced: what this one does not have must not show the old one.
    names: [...Object.keys(request.manifest.pointers), ...Object.keys(before?.manifest?.pointers ?? {})],
  })
  return { kind: 'committed' }
}

async function repairPointers(
  request: Pick<CommitRequest, 'storage' | 'place' | 'signal'>,
  { manifest }: CurrentManifest,
): Promise<void> {
  if (manifest) await writePointers({ ...request, names: Object.keys(manifest.pointers) })
}

/** Whoever finds a foreign text replaced learns of it: the bucket has it as an older version. */
function bodyOf(manifest: Manifest, current: CurrentManifest | undefined): { bytes: Buffer } {
  const isForeign = current?.identity === 'foreign'
  const warning = `what stood at manifest.json before was no manifest; it was replaced (etag ${current?.etag})`
  const text = manifestText(isForeign ? { ...manifest, warnings: [...manifest.warnings, warning] } : manifest)
  return { bytes: Buffer.from(text) }
}

/** The error of one try, or undefined when the manifest stands. */
async function tryPut(
  { storage, manifest, signal }: CommitRequest,
  url: string,
  current: CurrentManifest | undefined,
): Promise<StorageError | undefined> {
  try {
    await storage.putSigned(url, bodyOf(manifest, current), {
      contentType: 'application/json',
      ...(current ? { ifMatch: current.etag } : { ifNoneMatch: '*' as const }),
      ...(signal && { signal }),
    })
    return undefined
  } catch (error) {
    if (error instanceof StorageError) return error
    throw error
  }
}

/** The store said no. Anything else may have been done, with the reply lost: then the folder is nobody's to delete. */
function isRefusal({ statusCode = 0 }: StorageError): boolean {
  return statusCode >= 400 && statusCode < 500
}

/** Another writer was faster, the URL ran out, or the store had a bad moment. */
function isWorthAnotherRound(error: StorageError): boolean {
  const codes = ['PreconditionFailed', 'NoSuchKey', 'RequestExpired', 'RequestNotYetValid']
  return error.isPassing || codes.includes(error.code)
}
