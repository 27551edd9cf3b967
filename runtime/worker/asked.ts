/** The runs that turns ask for which are not answered yet: all of them may be claimed already. Pure. @module */
import type { TurnRequest } from '../queue/turn.ts'

/** The number of runs, of one function or of all. */
export function askedBy(underWay: Iterable<TurnRequest>, functionName?: string): number {
  let sum = 0
  for (const { wants } of underWay)
    for (const want of wants)
      if (functionName === undefined || want.functionName === functionName) sum += want.free
  return sum
}
