/** The dead letters of functions, newest death first. Only reads. @module */
import type { Redis } from 'ioredis'
import type { History } from './history.ts'
import type { Keys } from './keys.ts'
import type { RunRecord } from './run.ts'

/** A letter's place in the listing: its entry in its function's stream, whose id begins with the time of death. */
export interface LetterPosition {
  readonly entry: string
  readonly functionName: string
}

export interface LetterRequest {
  readonly functionNames: readonly string[]
  readonly isWanted: (run: RunRecord) => boolean
  readonly limit: number
  readonly after?: LetterPosition | undefined
  /** Of the death, epoch ms; `untilMs` itself is left out. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

interface Letter extends LetterPosition {
  readonly runId: string
}

/** How many letters one page looks at. */
const LOOKED_AT = 20_000
const STEP = 500

/** A page; `next` is absent on the last one. A page may hold fewer than its limit and yet not be the last. */
export async function listDeadLetters(
  redis: Redis,
  keys: Keys,
  history: History,
  request: LetterRequest,
): Promise<{ readonly runs: readonly RunRecord[]; readonly next?: LetterPosition }> {
  const runs: RunRecord[] = []
  let at = request.after
  for (let looked = 0; looked < LOOKED_AT;) {
    const letters = await lettersAfter(redis, keys, request, at)
    if (letters.length === 0) return { runs }
    const found = await history.runs(letters.map(({ runId }) => runId))
    for (const [index, run] of found.entries()) {
      const { entry, functionName } = letters[index] as Letter
      at = { entry, functionName }
      if (run?.state !== 'dead' || !request.isWanted(run)) continue
      runs.push(run)
      if (runs.length === request.limit) return { runs, next: at }
    }
    looked += letters.length
  }
  return { runs, ...(at && { next: at }) }
}

/** Of all functions together: newest first, those of one moment by the function's name. */
async function lettersAfter(
  redis: Redis,
  keys: Keys,
  request: LetterRequest,
  from: LetterPosition | undefined,
): Promise<readonly Letter[]> {
  const { functionNames, sinceMs, untilMs } = request
  // No entry is from before 1970, and Redis takes no id that is.
  if (untilMs !== undefined && untilMs <= 0) return []
  const oldest = sinceMs === undefined ? '-' : Math.max(0, sinceMs)
  const newest = untilMs === undefined ? '+' : `(${untilMs}-0`
  const perFunction = await Promise.all(
    functionNames.map(async (functionName) => {
      const isPassed = from !== undefined && functionName <= from.functionName
      const max = from ? `${isPassed ? '(' : ''}${from.entry}` : newest
      const entries = await redis.xrevrange(keys.dead(functionName), max, oldest, 'COUNT', STEP)
      return entries.map(([entry, [, runId = '']]): Letter => ({ entry, functionName, runId }))
    }),
  )
  // Each function has given its newest STEP: the newest STEP of all are among them.
  return perFunction.flat().sort(newestFirst).slice(0, STEP)
}

function newestFirst(a: Letter, b: Letter): number {
  const [aMs, aSequence] = a.entry.split('-').map(Number) as [number, number]
  const [bMs, bSequence] = b.entry.split('-').map(Number) as [number, number]
  return bMs - aMs || bSequence - aSequence || (a.functionName < b.functionName ? -1 : 1)
}
