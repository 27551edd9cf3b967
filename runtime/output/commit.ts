/**
 * The commit: a manifest by compare-and-swap. MinIO decides races, the rules of newest decide what may be replaced,
 * and a short-lived signed URL keeps out a worker that was suspended.
 * @module
 */
import { messageOf } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { reached } from '../telemetry/steps.ts'
import { StorageError } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { sleep } from '../time.ts'
import type { AttemptFolder } from './attempt-folder.ts'
import {
  type CurrentManifest,
  type Identity,
  isLatestVersion,
  type Manifest,
  readCurrent,
} from './manifest.ts'
import { decideManifest } from './decide.ts'
import type { ResultPlace } from './layout.ts'
import { writePointers } from './pointers.ts'
import { isRefusal, isWorthAnotherRound, putManifest } from './put-manifest.ts'

export interface CommitRequest {
  readonly storage: Storage
  readonly place: ResultPlace
  readonly folder: AttemptFolder
  readonly manifest: Manifest
  /** No result is known to be there: the first look is skipped, since the store refuses to overwrite one. */
  readonly wasVacant?: boolean
  /** Asks the queue whether this attempt is still the newest of its run. */
  readonly holdsFence: () => Promise<boolean>
  readonly signal?: AbortSignal
  readonly log?: Logger
  /** How long after the fence was checked a manifest may still be written. @defaultValue 60 */
  readonly signedSeconds?: number
}

interface Stands {
  /** The reason why some pointers could not be written yet. The result is committed; the next process that finds it repairs them. */
  readonly pointersOwed?: string
}

export type CommitOutcome =
  /** This attempt's manifest is the current one. */
  | ({ readonly kind: 'committed' } & Stands)
  /** The same run had its result already: `by` is its manifest's identity, and this attempt's folder is deleted. */
  | ({ readonly kind: 'adopted'; readonly by: Identity } & Stands)
  /** The result of a newer upload is there (`foreign`: an object that is not a manifest); this attempt's folder is deleted. */
  | { readonly kind: 'superseded'; readonly by: Identity | 'foreign' }
  /** Another attempt of this run has taken over. */
  | { readonly kind: 'fenced' }

/** The state of a place before an attempt. */
export type Found = { readonly kind: 'done'; readonly by: Identity } | { readonly kind: 'vacant' | 'another' }

const MAX_ROUNDS = 50
const PAUSE_MS = 100

/** How long an attempt that has to stop may check whether its manifest arrived. */
const LAST_LOOK_MS = 5_000

/** A manifest that was sent without an answer: it may have arrived. */
interface Sent {
  lostReply?: StorageError
  /** The manifest before it. */
  before?: CurrentManifest | undefined
}

/**
 * Commits the manifest. Once it is current the outcome is `committed`, whatever fails afterwards.
 *
 * @throws {StorageError} when the store fails before, or does not even answer whether the manifest is current: the folder is
 * then held, and the next attempt finds the result with {@link findCommitted}
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
    // In this order: a URL signed before the fence was checked cannot be used long after the check.
    const url = await storage.presignPut(place.bucket, place.manifestKey, request.signedSeconds ?? 60)
    reached('signed', place.folder)
    const isOwner = await request.holdsFence()
    const isVacant = request.wasVacant === true && round === 1
    const current = isVacant ? undefined : await readCurrent(storage, place, signal)
    const decision = await decide(request, current)
    // Before the fence: a current manifest is a result, whichever attempt owns the run.
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
    // An attempt that has to stop while the fence is checked sends nothing, so that its folder can be removed.
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
    // After an assumed vacancy look at once; after a rival's write pause first.
    if (!isVacant || error.isPassing) await sleep(Math.random() * PAUSE_MS * Math.min(round, 10), signal)
  }
  throw new StorageError(
    `the manifest ${JSON.stringify(place.manifestKey)} in bucket "${place.bucket}" could not be written in ${MAX_ROUNDS} rounds; others keep changing it, or the store keeps failing`,
    { code: 'ManifestContended', cause: sent.lostReply },
  )
}

/**
 * Looks for a result before an attempt starts. `done`: the same run's result, of its epoch or a later one, which makes the attempt
 * unnecessary; its pointers are repaired, and a failure of that is only logged.
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

/** Asks without the attempt's signal, whose abort is often the reason why there was no answer. */
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
    // Also those of the replaced result: a pointer that this one does not have must not show the old file.
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

/** The outcome of the commit is settled by now, and unreferenced files do no harm: the janitor removes what is left. */
async function discard({ folder, signal, log }: CommitRequest): Promise<void> {
  await folder.discard(signal).catch((error: unknown) => {
    log?.warn(
      { error: messageOf(error) },
      'could not remove the files of an attempt without a result; the janitor will',
    )
  })
}
