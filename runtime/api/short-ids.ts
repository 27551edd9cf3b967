/** Ids shortened to their first digits, as people copy them from a list. @module */
import { z } from '@hono/zod-openapi'
import { RefusedError } from './http/problem.ts'

export const RUN_ID_HELP = 'a run id has 32 hex digits; at least the first 8 are required'

/** Shortened ids in one request: each is looked up among all known ids. */
const MAX_SHORTENED = 20

/** A list of run ids in a request. */
export function runIdsOf(max: number) {
  return z
    .array(z.string().regex(/^[0-9a-f]{8,32}$/, RUN_ID_HELP))
    .min(1)
    .max(max)
    .openapi({
      description: `run ids; up to ${MAX_SHORTENED} of them may be shortened, if no other id starts with the same digits`,
    })
}

/**
 * The full id. A prefix of no known id is returned as it is, and is then not found.
 *
 * @throws {RefusedError} conflict when several ids start with it
 */
export async function resolveId(
  what: 'run' | 'job',
  given: string,
  find: (prefix: string) => Promise<readonly string[]>,
): Promise<string> {
  const candidates = await find(given)
  if (candidates.length <= 1) return candidates[0] ?? given
  throw new RefusedError(
    'conflict',
    `${given} is the start of ${candidates.length} ${what} ids: write more digits`,
    { candidates: candidates.length },
  )
}

/** @throws {RefusedError} conflict as {@link resolveId}, impossible when too many are shortened */
export async function resolveRunIds(
  given: readonly string[],
  find: (prefix: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const shortened = given.filter((id) => !isFullRunId(id))
  if (shortened.length > MAX_SHORTENED) {
    throw new RefusedError(
      'impossible',
      `runs: ${shortened.length} ids are shortened; write all but ${MAX_SHORTENED} of them in full`,
    )
  }
  const whole = given.filter(isFullRunId)
  for (const id of shortened) whole.push(await resolveId('run', id, find))
  return whole
}

export function isFullRunId(id: string): boolean {
  return id.length === 32
}
