/** The rules of newest: which of two records of one place stays. Pure. @module */
import type { Identity } from './manifest.ts'

/** The current record at a key. `foreign` is text that is not a record of ours: written by hand, or damaged. */
export type Current = Identity | 'foreign' | undefined

/**
 * - `mine`: the current one is this very attempt's; a reply was lost
 * - `adopt`: the same run is done already
 * - `replace`: there is none, or it is older
 * - `superseded`: the current one is newer
 * - `ask-store`: only the store knows, by which version of the source is the latest
 */
export type ManifestDecision = 'mine' | 'adopt' | 'replace' | 'superseded' | 'ask-store'

/** @param isMineLatest - whether mine is the latest version of its source; undefined when the store was not asked yet */
export function decideManifest(mine: Identity, current: Current, isMineLatest?: boolean): ManifestDecision {
  if (current !== undefined && current !== 'foreign') {
    if (current.attempt === mine.attempt) return 'mine'
    if (current.run === mine.run) return current.epoch >= mine.epoch ? 'adopt' : 'replace'
  }
  const isNewer = outranks(mine, current, isMineLatest)
  if (isNewer === undefined) return 'ask-store'
  return isNewer ? 'replace' : 'superseded'
}

export interface VerdictRivals {
  readonly verdict: Current
  /** The result: a run that has one needs no verdict, and no older run's verdict may be beside it. */
  readonly manifest: Current
}

/**
 * Whether a verdict of mine is to be written; `ask-store` as above. The verdict `superseded` itself says that mine is not the
 * latest, so it is never written where another run has left a record.
 */
export function decideVerdict(
  mine: Identity & { readonly state?: string },
  rivals: VerdictRivals,
  isMineLatest?: boolean,
): 'write' | 'keep' | 'ask-store' {
  const { verdict, manifest } = rivals
  const isNewer = (current: Current) =>
    mine.state === 'superseded' ? current === undefined : outranks(mine, current, isMineLatest)
  const answers = [
    isSameRun(mine, manifest) ? mine.epoch > manifest.epoch : isNewer(manifest),
    // Of two ends of a run in the same epoch the later one holds.
    isSameRun(mine, verdict) ? mine.epoch >= verdict.epoch : isNewer(verdict),
  ]
  if (answers.includes(false)) return 'keep'
  return answers.includes(undefined) ? 'ask-store' : 'write'
}

/** Whether a verdict is outdated now that mine has a result. */
export function decideRemoval(
  mine: Identity,
  verdict: Current,
  isMineLatest?: boolean,
): 'remove' | 'keep' | 'ask-store' {
  const isNewer = isSameRun(mine, verdict)
    ? mine.epoch >= verdict.epoch
    : outranks(mine, verdict, isMineLatest)
  if (isNewer === undefined) return 'ask-store'
  return isNewer ? 'remove' : 'keep'
}

function isSameRun(mine: Identity, current: Current): current is Identity {
  return current !== undefined && current !== 'foreign' && current.run === mine.run
}

/**
 * Whether mine is newer than another run's record; undefined when only the store knows.
 *
 * @remarks Times can only prove that mine is newer: a restored version is the latest although it is the older one, so the store
 * decides. A foreign record is judged like a newer one: it does not keep the latest upload from its result for ever, and only
 * the latest upload replaces it. (The bucket keeps it as an older version, and the manifest has a warning.)
 */
function outranks(mine: Identity, current: Current, isMineLatest: boolean | undefined): boolean | undefined {
  if (current === undefined) return true
  if (current !== 'foreign' && modifiedMs(mine) > modifiedMs(current)) return true
  return isMineLatest
}

function modifiedMs(identity: Identity): number {
  return Date.parse(identity.source.lastModified)
}
