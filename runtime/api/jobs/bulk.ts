/** Previews, limits and answers of requests about many runs. @module */
import type { Context } from 'hono'
import type { ApiEnv } from '../http/env.ts'
import { bodyProblems, json, LOCATION } from '../http/openapi.ts'
import { jobSchema, previewSchema, type Job, type Preview } from './model.ts'
import { RefusedError } from '../http/problem.ts'
import type { RunPayload } from '../../queue/run.ts'

/** The runs that a preview shows. */
export const SAMPLE = 10
/** A job's record is read often, so it has only the first keys; its items have all. */
const REMEMBERED = 20

/** The request as a job remembers it: only the first of many keys or runs, and their number. */
export function abridged(request: object): Readonly<Record<string, unknown>> {
  const short: Record<string, unknown> = { ...request }
  for (const [list, count] of [
    ['keys', 'keyCount'],
    ['runs', 'runCount'],
  ] as const) {
    const all = short[list]
    if (!Array.isArray(all) || all.length <= REMEMBERED) continue
    short[list] = all.slice(0, REMEMBERED)
    short[count] = all.length
  }
  return short
}

export function overLimit(matched: number, limit: number): RefusedError {
  return new RefusedError(
    'impossible',
    `${matched} runs match, but the limit is ${limit}: nothing was done. Raise "limit" or narrow the request`,
    { matched, limit },
  )
}

/** A preview of the request; `runs` are the first matches, or all of them. */
export function previewOf(
  runs: readonly { readonly functionName: string; readonly payload: RunPayload }[],
  facts: Omit<Preview, 'sample'>,
): Preview {
  const sample = runs.slice(0, SAMPLE).map(({ functionName, payload }) => ({
    function: functionName,
    bucket: payload.bucket,
    key: payload.key,
    sizeBytes: payload.sizeBytes,
  }))
  return { ...facts, sample }
}

export const bulkResponses = {
  200: json(previewSchema, 'the preview of a dry run'),
  202: json(jobSchema, 'the job that carries it out', LOCATION),
  ...bodyProblems(404, 409, 422),
}

export function answerBulk(c: Context<ApiEnv>, answer: Preview | Job) {
  return 'id' in answer ? c.json(answer, 202, { location: `/v1/jobs/${answer.id}` }) : c.json(answer, 200)
}
