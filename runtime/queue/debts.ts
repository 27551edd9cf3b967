/** Debts: work that follows from the end of a run or a deletion; as text a JSON array that starts with the kind. Pure. @module */
import type { FunctionDefinition } from '../function/definition.ts'

export type Debt =
  /** The verdict of a run that ended without a result. */
  | { readonly kind: 'verdict'; readonly runId: string }
  /** A verdict may be beside the result of this run, which outdates it. */
  | { readonly kind: 'outdated'; readonly runId: string }
  /** The source may have to be removed, if nothing is left to do with it. */
  | { readonly kind: 'source'; readonly runId: string }
  /** A function's results of an object may have to be removed, if the object is gone. */
  | (ResultsOf & { readonly kind: 'results' })
  /** The store has announced that a result was removed: recorded if that was on purpose. */
  | (ResultsOf & { readonly kind: 'removed' })
  /** Files and pointers of results that were removed, or are being removed: named here since no manifest names them then. */
  | (ResultsOf & {
      readonly kind: 'files'
      readonly attempts: readonly string[]
      readonly pointers: readonly string[]
      /** The success that had this result; it no longer counts as one. */
      readonly success?: Success
    })
  /** A version was removed: the one that is the latest now may have to be run again. */
  | {
      readonly kind: 'look'
      readonly bucket: string
      readonly key: string
      /** Empty when it is unknown. */
      readonly removedVersion: string
    }

/** A success of a run, which may end again later. */
export interface Success {
  readonly runId: string
  readonly endedAtMs: number
}

export interface ResultsOf {
  readonly functionName: string
  readonly bucket: string
  readonly key: string
}

/** The debts of a success: of its source and of its results. */
export interface Owed {
  readonly source?: string
  readonly results?: string
}

/** As `verdictDebt` of `scripts/prelude_queue.lua` has it. */
export function verdictDebt(runId: string): string {
  return JSON.stringify(['verdict', runId])
}

/** `cause` tells one deletion from the next, so that paying the older debt does not forget the newer one. */
export function resultsDebt({ functionName, bucket, key }: ResultsOf, cause: string): string {
  return JSON.stringify(['results', functionName, bucket, key, cause])
}

/** `cause` tells one removal from the next, as above. */
export function removedDebt({ functionName, bucket, key }: ResultsOf, cause: string): string {
  return JSON.stringify(['removed', functionName, bucket, key, cause])
}

export function filesDebt(
  { functionName, bucket, key }: ResultsOf,
  attempts: readonly string[],
  pointers: readonly string[],
  success?: Success,
): string {
  const of = success ? [success.runId, success.endedAtMs] : []
  return JSON.stringify(['files', functionName, bucket, key, attempts, pointers, ...of])
}

/** `cause` tells one removal from the next, as above. */
export function lookDebt(bucket: string, key: string, removedVersion: string, cause: string): string {
  return JSON.stringify(['look', bucket, key, removedVersion, cause])
}

export function owedBySuccess(
  functions: readonly Pick<FunctionDefinition, 'name' | 'bucket' | 'onDelete' | 'afterSuccess'>[],
  run: {
    readonly runId: string
    readonly epoch: number
    readonly functionName: string
    readonly payload: { readonly bucket: string; readonly key: string }
  },
): Owed {
  const { functionName, payload, runId, epoch } = run
  const { bucket, key } = payload
  const own = functions.find(({ name }) => name === functionName)
  const isSourceOwed = functions.some((each) => each.bucket === bucket && each.afterSuccess === 'remove')
  return {
    ...(isSourceOwed && { source: JSON.stringify(['source', runId, epoch]) }),
    // The source may have been deleted while this ran, when there was no result to remove yet.
    ...(own?.onDelete === 'remove' && {
      results: resultsDebt({ functionName, bucket, key }, `${runId}-${epoch}`),
    }),
  }
}

const KINDS: Readonly<Record<Debt['kind'], true>> = {
  verdict: true,
  outdated: true,
  source: true,
  results: true,
  removed: true,
  files: true,
  look: true,
}

/**
 * Undefined for a kind that another version knows.
 *
 * @throws {SyntaxError | TypeError} when it is not a debt
 */
export function parseDebt(text: string): Debt | undefined {
  const [kind, ...rest] = JSON.parse(text) as [Debt['kind'], ...never[]]
  if (!Object.hasOwn(KINDS, kind)) {
    if (typeof kind === 'string') return undefined
    throw new TypeError('it does not start with a kind')
  }
  if (kind === 'source' || kind === 'verdict' || kind === 'outdated') {
    const [runId] = rest as unknown as [string]
    return { kind, runId }
  }
  if (kind === 'look') {
    const [bucket, key, removedVersion] = rest as unknown as [string, string, string]
    return { kind, bucket, key, removedVersion }
  }
  const [functionName, bucket, key, ...more] = rest as unknown as [string, string, string, ...never[]]
  if (kind === 'results' || kind === 'removed') return { kind, functionName, bucket, key }
  const [attempts, pointers, runId, endedAtMs] = more as unknown as [string[], string[], string?, number?]
  const success = runId !== undefined && endedAtMs !== undefined && { runId, endedAtMs }
  return { kind, functionName, bucket, key, attempts, pointers, ...(success && { success }) }
}
