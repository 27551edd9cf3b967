/** Whether the sweep comes round: what is lost is found by nothing else. @module */
import type { Sweep, SweepPass } from '../../api/sweep/model.ts'
import { messageOf } from '../../errors.ts'
import { countText, timeText } from '../terminal/amounts.ts'
import type { ApiClient } from '../../api/client.ts'
import { ok, skipped, warn, type Finding } from './finding.ts'

const CHECK = 'sweep'

export async function checkSweep(api: ApiClient, invocation: string): Promise<Finding> {
  try {
    return judgeSweep((await api.get<Sweep>('/v1/sweep')).passes, invocation)
  } catch (error) {
    return skipped(CHECK, messageOf(error))
  }
}

/** By the last one that was about everything. */
export function judgeSweep(passes: readonly SweepPass[], invocation: string): Finding {
  const isWhole = ({ kind, bucket, prefix, endedAt }: SweepPass) =>
    kind === 'full' && bucket === undefined && prefix === undefined && endedAt !== undefined
  const [last] = passes
    .filter(isWhole)
    .toSorted((a, b) => Date.parse(b.endedAt ?? '') - Date.parse(a.endedAt ?? ''))
  const status = `${invocation} sweep --status`
  if (!last) {
    const isUnderWay = passes.some((pass) => pass.status === 'running')
    const found = 'none has looked at every object yet'
    return isUnderWay ? ok(CHECK, `${found}; one goes on`) : warn(CHECK, found, status)
  }
  const when = `the last full one ended ${timeText(last.endedAt ?? '')}`
  if (last.failure !== undefined)
    return warn(CHECK, `${when} and could not look at everything: ${last.failure}`, status)
  const healed = Object.values(last.healed).reduce((sum, count) => sum + count, 0)
  return ok(CHECK, `${when}: ${countText(last.objects, 'object')} looked at, ${healed} healed`)
}
