/** The present of the runtime, read at the cost of what is shown: for pages that many people keep open. @module */
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Backlog } from '../../queue/backlog.ts'
import type { History } from '../../queue/history.ts'
import { toRun, type Run } from '../runs/model.ts'

export interface OverviewService {
  /** In the order of the ids, without those that are not known any more. */
  runs(ids: readonly string[]): Promise<readonly Run[]>
  /** Dead letters of all functions that are served here. */
  deadCount(): Promise<number>
  /** Counts that belong to no single function: notifications, retries and debts. */
  totals(): ReturnType<Backlog['totals']>
}

export interface OverviewParts {
  readonly backlog: Pick<Backlog, 'deadCount' | 'totals'>
  readonly history: Pick<History, 'runs'>
  readonly functions: readonly Pick<FunctionDefinition, 'name'>[]
}

export function createOverviewService({ backlog, history, functions }: OverviewParts): OverviewService {
  const names = functions.map(({ name }) => name)

  return {
    async runs(ids) {
      const found = await history.runs(ids)
      return found.flatMap((run) => (run ? [toRun(run)] : []))
    },
    deadCount: () => backlog.deadCount(names),
    totals: () => backlog.totals(),
  }
}
