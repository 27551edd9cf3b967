/**
 * A probe upload: an empty folder marker in an incoming bucket, which no function ever matches. It measures the time from a PUT
 * to the intake; then it is removed, and no version is left, since markers have none.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Inspection } from '../../queue/inspection.ts'
import { messageOf } from '../../errors.ts'
import { objectIdOf } from '../../queue/keys.ts'
import { uploadBuckets } from '../../setup/minio/policies.ts'
import { SECOND_MS, sleep, stretched } from '../../time.ts'
import { durationText } from '../terminal/amounts.ts'
import { fail, ok, skipped, warn, type Finding, type Findings } from './finding.ts'
import { setupLine, type Account, type Subject } from './subject.ts'

/** MinIO reads its queue folder every 3 s. */
const PATIENCE_MS = 12 * SECOND_MS
const POLL_MS = 20
const TAKEN_MS = SECOND_MS

interface Sighting {
  /** After the PUT. */
  readonly delayMs: number
  /** The intake has taken it; otherwise it is in the inbox. */
  readonly isTaken: boolean
}

export async function* checkProbeUpload(subject: Subject): Findings {
  const account = subject.root ?? subject.uploader
  if (!account) {
    yield skipped(
      'announcements',
      'this needs an account that may upload: give MINIO_UPLOADER_ACCESS_KEY or MINIO_ROOT_USER',
    )
    return
  }
  const { redis } = subject
  if (!redis) {
    yield skipped('announcements', 'Redis does not answer')
    return
  }
  const [bucket = 'incoming'] = uploadBuckets(subject.functions)
  // The uploader may not delete, so it always leaves the same object.
  const key = account.name === 'root' ? `sluice-doctor-${randomUUID().slice(0, 8)}/` : 'sluice-doctor/'
  yield* sendProbe(subject, redis, account, { bucket, key })
}

async function* sendProbe(
  subject: Subject,
  redis: Inspection,
  account: Account,
  { bucket, key }: { readonly bucket: string; readonly key: string },
): Findings {
  const expected = subject.config.isStrictEvents ? 1 : 2
  const watch = await watchFor(redis, subject, bucket, key)
  const startedMs = performance.now()
  try {
    await account.storage.put(
      bucket,
      key,
      { bytes: Buffer.alloc(0) },
      { contentType: 'application/x-directory' },
    )
  } catch (error) {
    yield fail(
      'upload',
      `${account.credentials.accessKey} cannot upload: ${messageOf(error)}`,
      setupLine(subject),
    )
    return
  }
  const putMs = performance.now() - startedMs
  yield ok('upload', `${bucket}/${key} in ${durationText(putMs)}`)
  try {
    yield judgeSightings(await watch(expected), expected, subject)
  } finally {
    if (account.name === 'root') await account.storage.remove(bucket, key).catch(() => undefined)
  }
  if (account.name !== 'root')
    yield ok('trace', `${bucket}/${key} stays there, empty: the uploader’s account may not delete`)
}

/** Returns a function that waits for a number of announcements, and returns those that came; Ctrl-C ends it early. */
async function watchFor(redis: Inspection, { signal }: Subject, bucket: string, key: string) {
  const objectId = objectIdOf(bucket, key)
  // MinIO escapes keys as in queries; in this one only the slash needs it.
  const words = [`"${key.slice(0, -1)}%2F"`, `"${bucket}"`, 'ObjectCreated:Put']
  /** MinIO's ids of the requests that were announced: those in the intake's record, and those in the inbox. */
  const look = async () => {
    const heard = await redis.announcements(objectId)
    const { newest: waiting } = await redis.lookIntoInbox(500)
    return {
      taken: heard.filter(({ kind }) => kind === 'created').map(({ eventId }) => eventId),
      waiting: waiting
        .filter((raw) => words.every((word) => raw.includes(word)))
        .map((raw) => /"x-amz-request-id":"([^"]*)"/.exec(raw)?.[1] ?? ''),
    }
  }
  // The uploader's probe has been here before.
  const before = await look()
  const known = new Set([...before.taken, ...before.waiting])
  const isNew = (id: string) => !known.has(id)

  return async (expected: number): Promise<readonly Sighting[]> => {
    const patienceMs = stretched(PATIENCE_MS)
    const startedMs = performance.now()
    const delays: number[] = []
    let taken = 0
    do {
      const now = await look()
      taken = now.taken.filter(isNew).length
      const seen = taken + now.waiting.filter(isNew).length
      while (delays.length < seen) delays.push(performance.now() - startedMs)
      if (delays.length < expected) await sleep(POLL_MS, signal)
    } while (delays.length < expected && performance.now() - startedMs < patienceMs && !signal.aborted)
    // An announcement in the inbox may be about to enter the record: an intake takes it at once.
    if (taken < delays.length) {
      await sleep(stretched(TAKEN_MS), signal)
      taken = (await look()).taken.filter(isNew).length
    }
    return delays.map((delayMs, index) => ({ delayMs, isTaken: index < taken }))
  }
}

function judgeSightings(sightings: readonly Sighting[], expected: number, subject: Subject): Finding {
  const check = 'announcements'
  const { invocation } = subject
  const times = sightings.map(({ delayMs }) => durationText(delayMs))
  if (sightings.length === 0) {
    return fail(
      check,
      `none in ${durationText(stretched(PATIENCE_MS))}: MinIO does not announce uploads to Redis; see notifications and targets above`,
      setupLine(subject),
    )
  }
  if (!sightings.every(({ isTaken }) => isTaken)) {
    return fail(
      check,
      `${times.join(' and ')} after the upload in Redis, but no intake takes them`,
      `SLUICE_ROLES=api,intake ${invocation} start`,
    )
  }
  if (sightings.length < expected) {
    const isFast = (sightings[0]?.delayMs ?? 0) < SECOND_MS
    return warn(
      check,
      `only one of two, after ${times[0]}: nothing from ${isFast ? 'DURABLE' : 'FAST'}; see notifications and targets above`,
      setupLine(subject),
    )
  }
  return ok(check, expected === 1 ? `after ${times[0]}` : `FAST after ${times[0]}, DURABLE after ${times[1]}`)
}
