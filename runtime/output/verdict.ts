/**
 * Verdicts: records of runs that ended without a result, or whose result was removed. Written under the same rules of newest as
 * manifests, so that both together describe the newest upload whatever happens to Redis.
 * @module
 */
import { inRounds, putIfUnchanged } from '../storage/swap.ts'
import { z } from 'zod'
import { messageOf } from '../errors.ts'
import type { Storage } from '../storage/storage.ts'
import { parseJson } from '../json.ts'
import { type Identity, isLatestVersion, readCurrent, sourceSchema } from './manifest.ts'
import { type Current, decideRemoval, decideVerdict } from './decide.ts'
import type { ResultPlace } from './layout.ts'

/** `removed`: somebody has removed the result on purpose; the others are ends of runs. */
export const VERDICT_STATES = ['dead', 'cancelled', 'superseded', 'source-gone', 'removed'] as const
export type VerdictState = (typeof VERDICT_STATES)[number]

export const verdictSchema = z.object({
  schema: z.literal(1),
  state: z.enum(VERDICT_STATES),
  reason: z.string().describe('in words, for the person who uploaded the object'),
  run: z.string().min(1),
  attempt: z.string().describe('the last attempt; empty when none was begun'),
  epoch: z.int().min(0),
  function: z.string().min(1),
  source: sourceSchema,
  attempts: z.int().min(0).describe('how many were counted'),
  lastLines: z.array(z.string()).describe("the last lines of the tool's log"),
  at: z.iso.datetime(),
})

export type Verdict = z.output<typeof verdictSchema>

export interface VerdictRequest {
  readonly storage: Storage
  readonly place: ResultPlace
  readonly signal?: AbortSignal | undefined
}

export interface VerdictWrite extends VerdictRequest {
  /** Lets everybody who commits there from now on look for the verdict. */
  readonly note: () => Promise<void>
}

export interface CurrentVerdict {
  readonly etag: string
  readonly versionId?: string
  /** Absent when the text is not a verdict. */
  readonly verdict?: Verdict
}

export async function readVerdict(request: VerdictRequest): Promise<CurrentVerdict | undefined> {
  const { storage, place, signal } = request
  const found = await storage.readText(place.verdictBucket, place.verdictKey, { signal })
  if (!found) return undefined
  const { etag, versionId } = found
  const verdict = verdictSchema.safeParse(parseJson(found.text)).data
  return { etag, ...(versionId && { versionId }), ...(verdict && { verdict }) }
}

/** Whether the verdict is now recorded; false when a newer run has a record, or the run has a result after all. */
export async function writeVerdict(request: VerdictWrite, verdict: Verdict): Promise<boolean> {
  const { storage, place, signal } = request
  const text = `${JSON.stringify(verdictSchema.parse(verdict), null, 2)}\n`
  const subject = `the verdict ${JSON.stringify(place.verdictKey)} in bucket "${place.verdictBucket}"`
  return inRounds(subject, async () => {
    const current = await readVerdict(request)
    if (!isSameEnd(verdict, current?.verdict)) {
      if (!(await isToBeWritten(request, verdict, current))) return false
      await request.note()
      const target = { bucket: place.verdictBucket, key: place.verdictKey }
      const content = { bytes: Buffer.from(text), contentType: 'application/json', signal }
      if (!(await putIfUnchanged(storage, target, current?.etag, content))) return undefined
    }
    // Once more: a commit may have looked between the first note and the write, found nothing, and taken that note away.
    await request.note()
    // A commit between the reading of the manifest and the write did not see the verdict.
    if (await isToBeWritten(request, verdict, undefined)) return true
    await removeWhile(request, (found) => found?.run === verdict.run && found.epoch === verdict.epoch)
    return false
  })
}

/**
 * After a success: removes the verdict that it supersedes, never one of a newer run or epoch.
 *
 * @returns the reason of a failure. It never throws: the result is already committed, and outranks the verdict wherever both are read
 */
export async function removeVerdict(request: VerdictRequest, mine: Identity): Promise<string | undefined> {
  try {
    await removeOutdated(request, mine)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** The same, but throws its failure. Whether a verdict remains. */
export async function removeOutdated(request: VerdictRequest, mine: Identity): Promise<boolean> {
  return removeWhile(request, (found) => isOutdated(request, mine, found ?? 'foreign'))
}

async function isOutdated(
  { storage, signal }: VerdictRequest,
  mine: Identity,
  found: Verdict | 'foreign',
): Promise<boolean> {
  const decision = decideRemoval(mine, found)
  if (decision !== 'ask-store') return decision === 'remove'
  return decideRemoval(mine, found, await isLatestVersion(storage, mine.source, signal)) === 'remove'
}

/** Whether this very end is already recorded: the reply to an earlier attempt was lost, or its writer died before reporting it. */
function isSameEnd(mine: Verdict, found: Verdict | undefined): boolean {
  return (
    found?.run === mine.run &&
    found.epoch === mine.epoch &&
    found.state === mine.state &&
    found.at === mine.at
  )
}

async function isToBeWritten(
  request: VerdictRequest,
  mine: Verdict,
  current: CurrentVerdict | undefined,
): Promise<boolean> {
  const { storage, place, signal } = request
  const manifest = (await readCurrent(storage, place, signal))?.identity
  const rivals = { manifest, verdict: rivalOf(current) }
  const decision = decideVerdict(mine, rivals)
  if (decision !== 'ask-store') return decision === 'write'
  return decideVerdict(mine, rivals, await isLatestVersion(storage, mine.source, signal)) === 'write'
}

function rivalOf(current: CurrentVerdict | undefined): Current {
  return current && (current.verdict ?? 'foreign')
}

/**
 * Removes the verdict, and the older versions that become current then, as long as `isToGo` holds. Whether one remains.
 *
 * @remarks By version, because MinIO has no conditional delete: exactly the judged verdict is removed, and never a newer one that
 * was written meanwhile. Only a bucket without versioning leaves a gap for that.
 */
async function removeWhile(
  request: VerdictRequest,
  isToGo: (found: Verdict | undefined) => boolean | Promise<boolean>,
): Promise<boolean> {
  const { storage, place, signal } = request
  for (let current = await readVerdict(request); current; current = await readVerdict(request)) {
    if (!(await isToGo(current.verdict))) return true
    const { versionId } = current
    await storage.remove(place.verdictBucket, place.verdictKey, { versionId, signal })
  }
  return false
}
