/** Ids that were shortened to their beginning, as people copy them from a list. @module */
import { RefusedError } from './http/problem.ts'

export const RUN_ID_HELP = 'a run is 32 hex digits, of which at least the first 8 are needed'

/** Shortened ids in one request: each is looked for among all that are known. */
const MAX_SHORTENED = 20

/**
 * The whole id; what nothing begins with stays as it is, and is then not found.
 *
 * @throws {RefusedError} conflict when several ids begin with it
 */
export async function resolveId(
  what: 'run' | 'job',
  given: string,
  find: (beginning: string) => Promise<readonly string[]>,
): Promise<string> {
  const candidates = await find(given)
  if (candidates.length <= 1) return candidates[0] ?? given
  throw new RefusedError(
    'conflict',
    `${given} is the beginning of ${candidates.length} ${what}s: write more of the id`,
    { candidates: candidates.length },
  )
}

/** @throws {RefusedError} conflict as {@link resolveId}, impossible when too many are shortened */
export async function resolveRunIds(
  given: readonly string[],
  find: (beginning: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const shortened = given.filter((id) => !isFullRunId(id))
  if (shortened.length > MAX_SHORTENED) {
    throw new RefusedError(
      'impossible',
      `runs: ${shortened.length} ids are shortened; write all but ${MAX_SHORTENED} of them whole`,
    )
  }
  const whole = given.filter(isFullRunId)
  for (const id of shortened) whole.push(await resolveId('run', id, find))
  return whole
}

export function isFullRunId(id: string): boolean {
  return id.length === 32
}
