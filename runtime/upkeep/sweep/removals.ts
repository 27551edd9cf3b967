/**
 * Results that were removed on purpose: a verdict says so in the bucket, since neither a delete marker nor Redis's memory
 * of the run lasts, and a removal without a record would be undone.
 * @module
 */
import type { ResultsOf } from '../../queue/debts.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { placeOf } from '../../output/layout.ts'
import { manifestSourceOf } from '../../output/manifest.ts'
import { readRecordedOutcome } from '../../output/recorded-outcome.ts'
import { removeVerdict, type Verdict, writeVerdict } from '../../output/verdict.ts'
import { shellWord } from '../../telemetry/safe-text.ts'
import type { Storage } from '../../storage/storage.ts'
import { latestVersion } from '../../storage/latest.ts'
import { readWatermarks } from '../../records/watermark.ts'
import type { Candidate, ExamineParts } from './candidates.ts'
import { examine, type Findings, isPermanent, type Unreadable } from './examine.ts'

/** Writes the verdicts, one call at a time; later passes find them and write none. */
export async function recordRemovals(
  { storage, queue }: Pick<ExamineParts, 'storage' | 'queue'>,
  { decided }: Pick<Findings, 'decided'>,
  nowMs: number,
): Promise<readonly Unreadable[]> {
  const refused: Unreadable[] = []
  for (const { candidate, decision } of decided) {
    if (decision.kind !== 'removed') continue
    const { functionName, payload } = candidate.run
    const place = placeOf(candidate.definition, payload)
    try {
      const note = () => queue.noteVerdicts([place])
      await writeVerdict({ storage, place, note }, verdictOf(candidate, decision.removedAtMs ?? nowMs))
    } catch (error) {
      if (!isPermanent(error)) throw error
      refused.push({ object: `${payload.bucket}/${payload.key}`, functionName, error })
    }
  }
  return refused
}

function verdictOf({ run, seenEpoch }: Candidate, removedAtMs: number): Verdict {
  const { runId, functionName, payload } = run
  return {
    schema: 1,
    state: 'removed',
    reason: `its result was removed, by hand or by a rule of its bucket, so it is not made again by itself: sluice reprocess ${shellWord(`${payload.bucket}/${payload.key}`)} makes it again`,
    run: runId,
    attempt: '',
    epoch: seenEpoch === 'none' ? 0 : Number(seenEpoch),
    function: functionName,
    source: manifestSourceOf(payload),
    attempts: 0,
    lastLines: [],
    at: new Date(removedAtMs).toISOString(),
  }
}

/**
 * Records a removal that the store has announced, if the result was of the version that is the latest now. Runs nothing: that is
 * the sweep's task. Whether it was recorded.
 *
 * @param decidedBeforeMs - as `decide.ts` has it
 */
export async function recordAnnouncedRemoval(
  parts: ExamineParts & { readonly functions: readonly FunctionDefinition[] },
  { functionName, bucket, key }: ResultsOf,
  decidedBeforeMs: number | undefined,
): Promise<boolean> {
  const { storage, queue, functions, router } = parts
  const definition = functions.find(({ name }) => name === functionName)
  const latest = await latestVersion(storage, bucket, key)
  // Results go with their source, or stay without it: neither is a removal of the result alone.
  if (!definition || !latest) return false
  const listed = { ...latest, isLatest: true, isDeleteMarker: false }
  const nowMs = await queue.nowMs()
  const findings = await examine(
    {
      ...parts,
      router: (object) =>
        router({ ...object, make: undefined }).filter((route) => route.definition === definition),
    },
    [{ latest: listed, hasOlder: false }],
    {
      bucket,
      nowMs,
      sinceMs: 0,
      watermarksMs: await readWatermarks(storage, [definition]),
      isThorough: true,
      isExact: false,
      decidedBeforeMs,
      isRemovalAnnounced: true,
    },
  )
  const [unreadable] = [...findings.unreadable, ...(await recordRemovals(parts, findings, nowMs))]
  if (unreadable) throw unreadable.error
  if (findings.decided.some(({ decision }) => decision.kind === 'removed')) return true
  await forgetRemoval(storage, definition, { bucket, key })
  return false
}

/** The removal of a delete marker is announced as well: the result is there again, and was not removed for good. */
async function forgetRemoval(
  storage: Storage,
  definition: FunctionDefinition,
  source: { readonly bucket: string; readonly key: string },
): Promise<void> {
  const { place, result, verdict } = await readRecordedOutcome(storage, definition, source)
  if (!result || verdict?.state !== 'removed' || verdict.run !== result.run) return
  const owed = await removeVerdict({ storage, place }, result)
  if (owed !== undefined) throw new Error(owed)
}
