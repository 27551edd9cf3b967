/** The findings of a pass so far, counted by reason, with the names of some objects that it leaves alone. Pure. @module */
import type { LeftAlone, ReportReason } from '../../queue/sweeps.ts'
import type { Healed } from './heal.ts'
import type { Pass } from '../../queue/sweeps.ts'

/** Names kept for each reason, */
const NAMED_EACH = 5
/** and in all. */
const NAMED = 20

export function withFindings(pass: Pass, healed: readonly Healed[], left: readonly LeftAlone[] = []): Pass {
  return {
    ...pass,
    healed: withCounts(
      pass.healed,
      healed.map(({ reason }) => reason),
    ),
    reported: withCounts(
      pass.reported,
      left.map(({ reason }) => reason),
    ),
    ...(left.length > 0 && { left: named(pass.left ?? [], left) }),
  }
}

function named(before: readonly LeftAlone[], more: readonly LeftAlone[]): readonly LeftAlone[] {
  const all = [...before]
  const counts = new Map<ReportReason, number>()
  for (const { reason } of before) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  for (const each of more) {
    const count = counts.get(each.reason) ?? 0
    if (count >= NAMED_EACH || all.length >= NAMED) continue
    counts.set(each.reason, count + 1)
    all.push(each)
  }
  return all
}

function withCounts<R extends string>(
  counts: Readonly<Partial<Record<R, number>>>,
  reasons: readonly R[],
): Readonly<Partial<Record<R, number>>> {
  const more: Partial<Record<R, number>> = { ...counts }
  for (const reason of reasons) more[reason] = (more[reason] ?? 0) + 1
  return more
}
