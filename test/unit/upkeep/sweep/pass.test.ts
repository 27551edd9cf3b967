import { expect, it } from 'vitest'
import type { LeftAlone, ReportReason } from '../../../../runtime/queue/sweeps.ts'
import { newPass } from '../../../../runtime/upkeep/sweep/due.ts'
import { withFindings } from '../../../../runtime/upkeep/sweep/pass.ts'

const PASS = newPass('id', { kind: 'full', cause: 'start' }, {}, 0, 0)
const some = (reason: ReportReason, count: number): LeftAlone[] =>
  Array.from({ length: count }, (_, n) => ({ reason, bucket: 'b', key: `${reason}-${n}` }))

it('counts all that is left alone, and names five of each reason, whatever came first', () => {
  const first = withFindings(PASS, [], some('before-watermark', 3))
  const pass = withFindings(first, [], [...some('before-watermark', 90), ...some('unreadable', 2)])
  expect(pass.reported).toEqual({ 'before-watermark': 93, unreadable: 2 })
  expect(pass.left?.map(({ reason }) => reason)).toEqual([
    ...Array<string>(5).fill('before-watermark'),
    ...Array<string>(2).fill('unreadable'),
  ])
})

it('names twenty in all', () => {
  const reasons = ['too-young', 'unreadable', 'not-set-up', 'event-unknown', 'deleted-before'] as const
  const pass = withFindings(
    PASS,
    [],
    reasons.flatMap((reason) => some(reason, 9)),
  )
  expect(pass.left).toHaveLength(20)
  expect(pass.reported).toMatchObject({ 'deleted-before': 9 })
})

it('names nothing where nothing is left alone', () => {
  const healed = { reason: 'restored', functionName: 'cut', bucket: 'b', key: 'k' } as const
  const pass = withFindings(PASS, [healed, healed])
  expect(pass.healed).toEqual({ restored: 2 })
  expect(pass).not.toHaveProperty('left')
})
