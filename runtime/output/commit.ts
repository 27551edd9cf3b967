/**
 * The commit: a manifest by compare-and-swap. MinIO decides races, the rules of newest decide what may be replaced,
 * and a short-lived signed URL keeps out a worker that slept.
 * @module
 */
import { messageOf } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { reached } from '../telemetry/steps.ts'
import { StorageError } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { sleep } from '../time.ts'
import type { AttemptFolder } from './attempt-folder.ts'
import { readCurrent, type CurrentManifest, isLatestVersion } from './current.ts'
import { decideManifest } from './decide.ts'
import type { ResultPlace } from './layout.ts'
import type { Identity, Manifest } from './manifest.ts'
import { writePointers } from './pointers.ts'
import { isRefusal, isWorthAnotherRound, putManifest } from './put-manifest.ts'

export interface CommitRequest {
  readonly storage: Storage
  readonly place: ResultPlace
  readonly folder: AttemptFolder
  readonly manifest: Manifest
  /** Nothing is known to stand there: it need not be looked first, since the store refuses when something does. */
  readonly wasVacant?: boolean
  /** Whether this attempt is still the newest of its run, asked of the queue. */
  readonly holdsFence: () => Promise<boolean>
  readonly signal?: AbortSignal
  readonly log?: Logger
  /** How long after the question about the fence a manifest may still be written. @defaultValue 60 */
  readonly signedSeconds?: number
}

interface Stands {
  /** Why pointers could not be written yet. The result stands all the same; whoever finds it next repairs them. */
  readonly pointersOwed?: string
}

export type CommitOutcome =
  /** This attempt's manifest stands. */
  | ({ readonly kind: 'committed' } & Stands)
  /** The same run was done already: `by` is its manifest's identity, and this attempt's folder is deleted. */
  | ({ readonly kind: 'adopted'; readonly by: Identity } & Stands)
  /** A newer upload's result stands (`foreign`: something that is no manifest); this attempt's folder is deleted. */
  | { readonly kind: 'superseded'; readonly by: Identity | 'foreign' }
  /** Another attempt of this run has taken over. */
  | { readonly kind: 'fenced' }

/** What stands at a place. */
export type Found = { readonly kind: 'done'; readonly by: Identity } | { readonly kind: 'vacant' | 'another' }

const MAX_ROUNDS = 50
const PAUSE_MS = 100

/** How long an attempt that is told to stop may ask whether its manifest landed. */
const LAST_LOOK_MS = 5_000

/** A manifest that was sent, and nobody answered: it may have landed. */
interface Sent {
  lostReply?: StorageError
  /** What stood before it. */
  before?: CurrentManifest | undefined
}

/**
 * Once this attempt's manifest stands, the outcome says so, whatever fails after it.
 *
 * @throws {StorageError} when the store fails before, or does not even say whether the manifest stands: the folder is
 * then held, and the next attempt finds the result by {@link findCommitted}
 */
export async function commit(request: CommitRequest): Promise<CommitOutcome> {
  const sent: Sent = {}
  try {
    return await commitInRounds(request, sent)
  } catch (error) {
    if (sent.lostReply && (await isMine(request))) return committed(request, sent.before)
    throw error
  }
}

async function commitInRounds(request: CommitRequest, sent: Sent): Promise<CommitOutcome> {
  const { storage, place, folder, manifest, signal, log } = request
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    // In this order: what is signed before the question about the fence cannot be used long after its answer.
    const url = await storage.presignPut(place.bucket, place.manifestKey, request.signedSeconds ?? 60)
    reached('signed', place.folder)
    const isOwner = await request.holdsFence()
    const isVacant = request.wasVacant === true && round === 1
    const current = isVacant ? undefined : await readCurrent(storage, place, signal)
    const decision = await decide(request, current)
    // Before the fence: a manifest that stands is a result, whoever may go on.
    if (decision === 'mine') return committed(request, sent.before)
    if (!isOwner) {
      await discard(request)
      return { kind: 'fenced' }
    }
    if (decision === 'adopt' && current && current.identity !== 'foreign') {
      await discard(request)
      return { kind: 'adopted', by: current.identity, ...(await repairPointers(request, current)) }
    }
    if (decision === 'superseded' && current) {
      await discard(request)
      return { kind: 'superseded', by: current.identity }
    }
    // Whoever was told to stop while the fence was asked sends nothing, so that the folder is nobody's.
    signal?.throwIfAborted()
    folder.hold()
    reached('manifest-sending', place.folder)
    const error = await putManifest({ storage, url, manifest, current, signal })
    if (error === undefined) {
      reached('manifest-sent', place.folder)
      return committed(request, current)
    }
    if (!isRefusal(error)) Object.assign(sent, { lostReply: error, before: current } satisfies Sent)
    else if (!sent.lostReply) folder.release()
    if (!isWorthAnotherRound(error)) throw error
    log?.debug({ code: error.code, round }, 'the manifest was not written; starting over')
    // What was only supposed is looked at now; a rival deserves a pause.
    if (!isVacant || error.isPassing) await sleep(Math.random() * PAUSE_MS * Math.min(round, 10), signal)
  }
  throw new StorageError(
    `the manifest ${JSON.stringify(place.manifestKey)} in bucket "${place.bucket}" could not be written in ${MAX_ROUNDS} rounds; others keep changing it, or the store keeps failing`,
    { code: 'ManifestContended', cause: sent.lostReply },
  )
}

/**
 * What stands before an attempt begins. `done`: the same run's result, of its epoch or a later one, which makes the attempt
 * needless and is answered with `complete`; its pointers are repaired, and where that fails only the log tells.
 */
export async function findCommitted(
  request: Pick<CommitRequest, 'storage' | 'place' | 'signal' | 'log'> & {
    readonly run: string
    readonly epoch: number
  },
): Promise<Found> {
  const current = await readCurrent(request.storage, request.place, request.signal)
  if (!current) return { kind: 'vacant' }
  if (current.identity === 'foreign') return { kind: 'another' }
  const { run, epoch } = current.identity
  if (run !== request.run || epoch < request.epoch) return { kind: 'another' }
  const { pointersOwed } = await repairPointers(request, current)
  if (pointersOwed !== undefined)
    request.log?.warn(
      { error: pointersOwed },
      'the result is committed, but its pointers could not be repaired',
    )
  return { kind: 'done', by: current.identity }
}

async function decide(request: CommitRequest, current: CurrentManifest | undefined) {
  const { manifest, storage, signal } = request
  const decision = decideManifest(manifest, current?.identity)
  if (decision !== 'ask-store') return decision
  return decideManifest(manifest, current?.identity, await isLatestVersion(storage, manifest.source, signal))
}

/** Asked without the attempt's signal: that it was told to stop is often why there was no answer. */
async function isMine({ storage, place, manifest }: CommitRequest): Promise<boolean> {
  const current = await readCurrent(storage, place, AbortSignal.timeout(LAST_LOOK_MS)).catch(() => undefined)
  return decideManifest(manifest, current?.identity) === 'mine'
}

async function committed(
  request: CommitRequest,
  before: CurrentManifest | undefined,
): Promise<CommitOutcome> {
  const owed = await writePointers({
    ...request,
    // Also those of the result that was replaced: what this one does not have must not show the old one.
    names: [...Object.keys(request.manifest.pointers), ...Object.keys(before?.manifest?.pointers ?? {})],
  })
  reached('pointers-written', request.place.folder)
  return { kind: 'committed', ...standing(owed) }
}

async function repairPointers(
  request: Pick<CommitRequest, 'storage' | 'place' | 'signal'>,
  { manifest }: CurrentManifest,
): Promise<Stands> {
  return standing(await writePointers({ ...request, names: Object.keys(manifest?.pointers ?? {}) }))
}

function standing(pointersOwed: string | undefined): Stands {
  return pointersOwed === undefined ? {} : { pointersOwed }
}

/** What the commit came to is settled by now, and files that nobody names harm nobody: a failure is the janitor's. */
async function discard({ folder, signal, log }: CommitRequest): Promise<void> {
  await folder.discard(signal).catch((error: unknown) => {
    log?.warn(
      { error: messageOf(error) },
      'could not remove the files of an attempt without a result; the janitor will',
    )
  })
}
