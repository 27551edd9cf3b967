/** Heals the findings: every step may be repeated, and asks Redis again by itself. @module */
import { batchesOf } from '../../amounts.ts'
import { announcementOf } from '../../queue/announcement.ts'
import type { Admission, Queue, RerunItem } from '../../queue/queue.ts'
import type { Candidate } from './candidates.ts'
import type { Findings } from './examine.ts'
import type { HealReason } from '../../queue/sweeps.ts'

export interface HealParts {
  readonly queue: Queue
  readonly paths: Admission['paths']
  readonly recordTtlMs: number
}

export interface Healed {
  readonly reason: HealReason
  readonly functionName: string
  readonly bucket: string
  readonly key: string
}

/** Few per script, so that no script blocks Redis. */
const STEP = 64

/** The `try` modes only report: `try-objects` when all runs were checked before, whose places would be found lost again. */
export type Mode = 'heal' | 'try' | 'try-objects'

/** @param pass - for which it counts */
export async function heal(
  parts: HealParts,
  findings: Findings,
  mode: Mode,
  pass?: string,
): Promise<readonly Healed[]> {
  const { queue } = parts
  const isDry = mode !== 'heal'
  const meant = (isMeant: (each: Findings['decided'][number]) => boolean) =>
    findings.decided.filter(isMeant).map(({ candidate }) => candidate.run)
  const lost = meant(({ decision }) => decision.kind === 'heal' && decision.reason === 'lost-event')
  const restored = findings.decided.flatMap(({ candidate: { run, seenEpoch }, decision }) =>
    decision.kind === 'heal' && decision.reason === 'restored' ? [{ run, seenEpoch }] : [],
  )
  const open = mode === 'try-objects' ? [] : meant(({ decision }) => decision.kind === 'repair')
  const healed: Healed[] = []
  const count = (reason: HealReason, { functionName, payload: { bucket, key } }: Candidate['run']) =>
    healed.push({ reason, functionName, bucket, key })

  for (const some of batchesOf(open, STEP)) {
    const outcomes = await queue.repair(
      some.map(({ runId }) => runId),
      isDry,
      pass,
    )
    some.forEach((run, index) => {
      const outcome = outcomes[index]
      if (outcome === 'stream-entry' || outcome === 'delay-entry') count(outcome, run)
    })
  }
  for (const some of batchesOf(lost, STEP)) {
    const outcomes = isDry ? some.map(() => 'new') : await admit(parts, some, pass)
    some.forEach((run, index) => isNew(outcomes[index]) && count('lost-event', run))
  }
  for (const some of batchesOf(restored, STEP)) {
    const items = some.map(({ run, seenEpoch }) => restoring(run, seenEpoch))
    const outcomes = isDry
      ? some.map(() => 'queued')
      : ((await queue.rerun({ trigger: 'sweep', isForced: false, items, pass })) ?? [])
    some.forEach(({ run }, index) => outcomes[index] === 'queued' && count('restored', run))
  }
  for (const some of batchesOf(findings.lostDeletes, STEP)) {
    const debts = some.map(({ debt }) => debt)
    const areNew = isDry
      ? some.map(() => true)
      : await queue.admitDebts({ ...NOTHING, ...settingsOf(parts), debts, pass })
    some.forEach(({ functionName, bucket, key }, index) => {
      if (areNew[index]) healed.push({ reason: 'lost-delete', functionName, bucket, key })
    })
  }
  return healed
}

/** A run that Redis knows has its payload there, with the options of the request that made it; a listing has none. */
function restoring({ payload, ...run }: Candidate['run'], seenEpoch: string): RerunItem {
  return { ...run, ...(seenEpoch === 'none' && { payload }), seenEpoch }
}

function isNew(outcome: string | undefined): boolean {
  return outcome === 'new' || outcome === 'unplaced'
}

const NOTHING = { raws: [], runs: [], marks: [], bad: [], debts: [], announced: [] } as const

function settingsOf({ paths, recordTtlMs }: HealParts) {
  return { paths, recordTtlMs }
}

/** As their events would have done it, behind live uploads. */
async function admit(parts: HealParts, runs: readonly Candidate['run'][], pass: string | undefined) {
  const outcomes = await parts.queue.admit({
    ...NOTHING,
    ...settingsOf(parts),
    pass,
    runs: runs.map((run) => ({ ...run, eventId: '', lane: 'low', trigger: 'sweep' })),
    marks: runs.map(({ objectId, payload: { generation } }) => ({
      objectId,
      generation,
      hint: 'superseded',
    })),
    // Once per object, so that `why` shows how it was found. A listing has neither the event's name nor its ID.
    announced: [...new Map(runs.map((run) => [run.objectId, run])).values()].map(({ objectId, payload }) => ({
      objectId,
      text: announcementOf({ kind: 'created', eventName: '', eventId: '', ...payload }, 'sweep'),
    })),
  })
  return outcomes ?? []
}
