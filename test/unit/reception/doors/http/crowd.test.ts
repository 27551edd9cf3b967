import { beforeEach, describe, expect, it } from 'vitest'
import { createCrowd, type Crowd, type Guest } from '../../../../../runtime/reception/doors/http/crowd.ts'

const LIMITS = { most: 4, mostOfAddress: 2, patienceMs: 1_000 }
let nowMs = 0
let crowd: Crowd
let closed: string[] = []
beforeEach(() => {
  nowMs = 0
  closed = []
  crowd = createCrowd(LIMITS, () => nowMs)
})
const enter = (address: string, label = address) => crowd.enter(address, () => closed.push(label))
function inside(address: string, label?: string): Guest {
  const entry = enter(address, label)
  if (entry.kind === 'full') throw new Error(`${address} was not let in`)
  return entry.guest
}

describe('connections without a stream', () => {
  it('of one address have a limit, and those of another one are let in', () => {
    inside('192.0.2.1')
    inside('192.0.2.1')
    expect(enter('192.0.2.1')).toEqual({ kind: 'full' })
    expect(enter('192.0.2.2')).toMatchObject({ kind: 'inside', closed: 0 })
  })

  it('make room, the one first that has been silent the longest, once they have had their time', () => {
    inside('192.0.2.1', 'first')
    nowMs = 500
    inside('192.0.2.1', 'second')
    nowMs = 1_000
    expect(enter('192.0.2.1', 'third')).toMatchObject({ kind: 'inside', closed: 1 })
    expect(closed).toEqual(['first'])
    expect(enter('192.0.2.1')).toEqual({ kind: 'full' })
  })

  it('are not closed while their request is answered, nor when they have become senders, who do not count', () => {
    inside('192.0.2.1').asks()
    inside('192.0.2.1').sends()
    inside('192.0.2.1').asks()
    nowMs = 60_000
    expect(enter('192.0.2.1')).toEqual({ kind: 'full' })
    expect(closed).toEqual([])
  })

  it('count as silent again from the moment their request was answered, and not at all when they have left', () => {
    const guest = inside('192.0.2.1', 'asked')
    inside('192.0.2.1').asks()
    guest.asks()
    nowMs = 5_000
    guest.rests()
    expect(enter('192.0.2.1')).toEqual({ kind: 'full' })
    nowMs = 6_000
    const next = inside('192.0.2.1')
    expect(closed).toEqual(['asked'])
    next.leave()
    expect(enter('192.0.2.1')).toMatchObject({ closed: 0 })
  })

  it('of many addresses together have a limit, which does not hold for this machine', () => {
    for (let n = 1; n <= LIMITS.most; n++) inside(`192.0.2.${n}`)
    expect(enter('192.0.2.9')).toEqual({ kind: 'full' })
    expect(enter('::ffff:127.0.0.1')).toMatchObject({ kind: 'inside', closed: 0 })
    nowMs = 1_000
    expect(enter('192.0.2.9')).toMatchObject({ kind: 'inside', closed: 1 })
    expect(closed).toEqual(['192.0.2.1'])
  })
})
