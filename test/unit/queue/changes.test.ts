import { expect, it } from 'vitest'
import { parseChanges } from '../../../runtime/queue/changes.ts'

it('reads what a script has told: runs, other things, and that there is more', () => {
  expect(parseChanges('r1 cut running o1\nlimits cut\nr2 glue dead o2\nmore')).toEqual({
    runs: [
      { runId: 'r1', functionName: 'cut', state: 'running', objectId: 'o1' },
      { runId: 'r2', functionName: 'glue', state: 'dead', objectId: 'o2' },
    ],
    others: [{ kind: 'limits', name: 'cut' }],
    hasMore: true,
  })
  expect(parseChanges('r1 cut queued o1').hasMore).toBe(false)
})
