/**
 * What is to be cleaned away once a run has succeeded or a source was deleted: texts in the set `tidy`, put there by the
 * script that knows of it, so that no death of a process forgets one. Any worker pays them. Pure.
 * @module
 */
import type { FunctionDefinition } from '../function.ts'

export type Debt =
  /** Whether the source may go now: every function that it matches has to have succeeded. */
  | { readonly kind: 'source'; readonly runId: string; readonly epoch: number }
  /** Whether the results of an object have to go: only when it is gone. */
  | { readonly kind: 'results'; readonly bucket: string; readonly key: string; readonly cause: string }

/** What a success owes: of the source, of the results. */
export interface Owed {
  readonly source?: string
  readonly results?: string
}

/** `cause` tells one deletion from the next, so that paying the older debt does not forget the newer one. */
export function resultsDebt(bucket: string, key: string, cause: string): string {
  return JSON.stringify(['results', bucket, key, cause])
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
  const { bucket, key } = run.payload
  const own = functions.find(({ name }) => name === run.functionName)
  const isSourceOwed = functions.some((each) => each.bucket === bucket && each.afterSuccess === 'remove')
  return {
    ...(isSourceOwed && { source: JSON.stringify(['source', run.runId, run.epoch]) }),
    // The source may have been deleted while this ran, when there was no result to remove yet.
    ...(own?.onDelete === 'remove' && { results: resultsDebt(bucket, key, `${run.runId}-${run.epoch}`) }),
  }
}

export function parseDebt(text: string): Debt {
  const [kind, ...rest] = JSON.parse(text) as [Debt['kind'], ...never[]]
  if (kind === 'source') {
    const [runId, epoch] = rest as unknown as [string, number]
    return { kind, runId, epoch }
  }
  const [bucket, key, cause] = rest as unknown as [string, string, string]
  return { kind, bucket, key, cause }
}
