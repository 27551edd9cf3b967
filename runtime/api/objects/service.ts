/** The history of an object, gathered from the store, Redis and the definitions, for any key of any bucket. @module */
import type { ObjectEventView, ObjectView } from './model.ts'
import { toTime } from '../http/page.ts'
import { toRun } from '../runs/model.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Announcement } from '../../queue/announcement.ts'
import { generationOf } from '../../storage/object-version.ts'
import { makeOf, strangeWords } from '../../function/make.ts'
import type { Router } from '../../function/routing.ts'
import type { LimitStore } from '../../records/limits.ts'
import { refusal } from '../../output/layout.ts'
import { objectIdOf, runIdOf } from '../../queue/keys.ts'
import type { History } from '../../queue/history.ts'
import type { Queue } from '../../queue/queue.ts'
import { isStorageCode, StorageError } from '../../storage/errors.ts'
import { impossibleKey } from '../../storage/names.ts'
import type { Storage } from '../../storage/storage.ts'
import { readFunctionOfObject } from './function-of-object.ts'
import { latestVersion, type LatestVersion } from '../../storage/latest.ts'
import { readRecordedOutcome } from '../../output/recorded-outcome.ts'
import { streamPieceOf } from './stream-piece.ts'
import { summaryOf } from './summary.ts'

export interface ObjectService {
  /** Any bucket and key, also of an object that never existed. */
  view(bucket: string, key: string): Promise<ObjectView>
}

export interface ObjectParts {
  readonly storage: Storage
  readonly queue: Queue
  readonly history: History
  readonly router: Router
  readonly functions: readonly FunctionDefinition[]
  readonly limits: LimitStore
  /** The time that the sweep leaves an upload to its event. */
  readonly graceMs: number
  readonly resultsKeptMs?: number | undefined
}

/** Versions of a key that are considered; older ones are left out. */
const MAX_VERSIONS = 50
/** Versions and delete markers that are listed to find them. */
const MAX_LOOKED_AT = 200

/** The answer of the store about the key. */
interface Found {
  readonly object: LatestVersion | undefined
  readonly generations: readonly string[]
  /** The reason there is no answer. */
  readonly trouble?: string
  /** Whether the key itself is the reason: no object can have it. */
  readonly isOfKey?: boolean
}

export function createObjectService(parts: ObjectParts): ObjectService {
  const { storage, history, functions } = parts

  async function find(bucket: string, key: string): Promise<Found> {
    try {
      const [object, generations] = await Promise.all([
        latestVersion(storage, bucket, key),
        generationsOf(storage, bucket, key),
      ])
      return { object, generations }
    } catch (error) {
      const trouble = troubleOf(error, bucket, key)
      if (trouble === undefined) throw error
      // Written as for mc, with an alias before the bucket.
      const [first = '', ...rest] = key.split('/')
      if (rest.length > 0 && functions.some((definition) => definition.bucket === first)) {
        return {
          object: undefined,
          generations: [],
          trouble: `${trouble}. Did you mean ${first}/${rest.join('/')}`,
        }
      }
      return {
        object: undefined,
        generations: [],
        trouble,
        isOfKey: error instanceof StorageError && error.isImpossibleName,
      }
    }
  }

  return {
    async view(bucket, key) {
      const [{ object, generations, trouble, isOfKey }, announcements] = await Promise.all([
        find(bucket, key),
        history.announcements(objectIdOf(bucket, key)),
      ])
      const announced = announcements
        .filter(({ kind }) => kind === 'created')
        .map(({ generation = '' }) => generation)
      // Newest first: the current version, then older ones, then those known from events only.
      const known = [object?.generation ?? '', ...generations, ...announced.toReversed()].filter(Boolean)
      const all = [...new Set(known)]
      const readers = functions.filter((definition) => definition.bucket === bucket)
      const ids = readers.flatMap(({ name }) => all.map((each) => runIdOf(name, bucket, key, each)))
      const runs = (await history.runs(ids)).filter((run) => run !== undefined)
      const unreadable = await history.unreadable(ids)
      const candidate = {
        bucket,
        key,
        // The last run knows the size of an object that is gone; without one, no rule about sizes applies.
        sizeBytes: object?.sizeBytes ?? runs[0]?.payload.sizeBytes ?? NaN,
        make: makeOf(object?.metadata ?? {}),
      }
      // How a version found by the sweep was created is unknown.
      const eventName = announcements.findLast(
        ({ generation, kind, path }) =>
          kind === 'created' && path !== 'sweep' && generation === object?.generation,
      )?.eventName
      const routes = parts.router({ ...candidate, ...eventNameOf(eventName) })
      const records = await Promise.all(
        routes.map(async ({ definition, mismatch }) =>
          mismatch === 'bucket' ? undefined : readRecordedOutcome(storage, definition, { bucket, key }),
        ),
      )
      const reserved = object || runs.length > 0 ? undefined : refusal(key)
      const isRecorded = records.some((recorded) => recorded?.result ?? recorded?.verdict)
      const wasThere = all.length > 0 || announcements.length > 0 || isRecorded
      const views = await Promise.all(
        routes.map(({ definition, mismatch }, index) =>
          readFunctionOfObject(parts, {
            definition,
            mismatch,
            recorded: records[index],
            bucket,
            key,
            object,
            generations: all,
            wasThere,
            trouble: isOfKey
              ? { reason: 'impossible', explanation: trouble ?? '' }
              : reserved === undefined
                ? undefined
                : { reason: 'reserved', explanation: reserved },
            eventName,
            unreadable,
            runs: runs.filter(({ functionName }) => functionName === definition.name),
          }),
        ),
      )
      const piece = streamPieceOf(bucket, key, object?.metadata)
      const view = {
        bucket,
        key,
        ...(piece && { stream: piece }),
        object: object ? viewOfVersion(object) : null,
        ...makeViewOf(candidate.make, functions),
        events: eventsOf(announcements),
        functions: views,
        runs: runs.toSorted((a, b) => b.createdAtMs - a.createdAtMs).map(toRun),
      }
      return { ...view, summary: summaryOf(view, trouble ?? reserved) }
    },
  }
}

function makeViewOf(
  make: readonly string[],
  functions: readonly FunctionDefinition[],
): Pick<ObjectView, 'make'> {
  const warning = strangeWords(make, functions)
  return make.length === 0
    ? {}
    : { make: { functions: [...make], ...(warning !== undefined && { warning }) } }
}

function eventNameOf(eventName: string | undefined) {
  return eventName === undefined ? {} : { eventName: eventName as 'Put' }
}

function troubleOf(error: unknown, bucket: string, key: string): string | undefined {
  if (isStorageCode(error, 'NoSuchBucket')) return `there is no bucket "${bucket}"`
  if (isStorageCode(error, 'AccessDenied')) {
    return `the runtime's account may not read the bucket "${bucket}", or it does not exist: it may read those that functions name`
  }
  if (isStorageCode(error, 'InvalidRequest', 'InvalidBucketName'))
    return `"${bucket}" is not a valid bucket name`
  if (error instanceof StorageError && error.isImpossibleName) {
    const why = impossibleKey(key)
    return `the store does not accept this key${why === undefined ? '' : `: ${why}`}`
  }
  return undefined
}

/** The generations of the newest versions, newest first. */
async function generationsOf(storage: Storage, bucket: string, key: string): Promise<readonly string[]> {
  const generations: string[] = []
  let listedCount = 0
  for await (const listed of storage.list(bucket, { prefix: key, versions: true, pageSize: MAX_VERSIONS })) {
    if (listed.key !== key || generations.length >= MAX_VERSIONS || ++listedCount > MAX_LOOKED_AT) break
    if (!listed.isDeleteMarker) generations.push(generationOf(listed))
  }
  return generations
}

function viewOfVersion(object: LatestVersion): ObjectView['object'] {
  const { lastModifiedMs, metadata, ...rest } = object
  return { ...rest, lastModified: toTime(lastModifiedMs), metadata: { ...metadata } }
}

/** Announcements grouped by event, in the order in which each event was first received. */
function eventsOf(announcements: readonly Announcement[]): ObjectEventView[] {
  const events = new Map<string, ObjectEventView>()
  for (const { heardAtMs, path, kind, eventName, eventId, eventTimeMs, generation } of announcements) {
    const id = `${eventId} ${kind} ${eventName} ${generation ?? ''}`
    const known = events.get(id)
    const arrival = { path, at: toTime(heardAtMs), delayMs: Math.max(0, heardAtMs - eventTimeMs) }
    if (known) known.arrivals.push(arrival)
    else {
      events.set(id, {
        kind,
        name: eventName,
        id: eventId,
        at: toTime(eventTimeMs),
        ...(generation !== undefined && { generation }),
        arrivals: [arrival],
      })
    }
  }
  return [...events.values()]
}
