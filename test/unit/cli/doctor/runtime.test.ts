import { describe, expect, it } from 'vitest'
import type { SweepPass } from '../../../../runtime/api/sweep/model.ts'
import { judgeSweep } from '../../../../runtime/cli/doctor/runtime.ts'

const pass = (rest: Partial<SweepPass>): SweepPass => ({
  id: '1',
  cause: 'interval',
  kind: 'full',
  status: 'done',
  objects: 3,
  runs: 0,
  healed: { 'lost-event': 1, restored: 1 },
  reported: {},
  startedAt: '2026-11-23T15:00:00.000Z',
  endedAt: '2026-11-23T16:00:00.000Z',
  ...rest,
})

describe('of the sweep, doctor', () => {
  it('says when the last full sweep ended, and what it found', () => {
    const passes = [
      pass({ endedAt: '2026-11-23T14:00:00.000Z' }),
      pass({}),
      pass({ kind: 'recent', endedAt: '2026-11-23T18:00:00.000Z' }),
      pass({ bucket: 'incoming', endedAt: '2026-11-23T18:00:00.000Z' }),
      pass({ prefix: 'a', endedAt: '2026-11-23T18:00:00.000Z' }),
    ]
    const { status, found } = judgeSweep(passes, 'sluice')
    expect(status).toBe('ok')
    expect(found).toMatch(/2026-11-23T16:00:00.000Z .*: 3 objects checked, 2 healed$/)
  })

  it.each([
    ['there was none', [], /no full sweep has ended yet/],
    ['only parts were looked at', [pass({ prefix: 'a' })], /no full sweep has ended/],
    [
      'the last one has failed',
      [pass({ status: 'failed', failure: 'no bucket' })],
      /could not .*: no bucket/,
    ],
  ])('warns when %s, with the line that shows more', (_, passes, found) => {
    const finding = judgeSweep(passes, 'sluice')
    expect(finding).toMatchObject({ status: 'warn', repair: ['sluice sweep --status'] })
    expect(finding.found).toMatch(found)
  })

  it('reports no problem while the first one is running', () => {
    const { endedAt: _, ...rest } = pass({ status: 'running' })
    expect(judgeSweep([rest], 'sluice')).toMatchObject({ status: 'ok' })
  })
})
