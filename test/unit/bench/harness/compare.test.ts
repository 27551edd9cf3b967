import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { compare, mapped, type SideName } from '../../../bench/harness/compare.ts'

const said: string[] = []
beforeEach(() => {
  said.length = 0
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0)
})
afterEach(() => vi.restoreAllMocks())

const VALUES = { before: [99, 10, 20, 40], ours: [99, 20, 30, 20], peer: [99, 40, 20, 40] }

describe('a comparison', () => {
  it('gives the medians of the rounds after the first, their ratio, and the ratios of single rounds', async () => {
    const sides = mapped(
      VALUES,
      (values) => (round: number) => Promise.resolve({ value: values[round] ?? NaN }),
    )
    const { ours, peer, before } = sides
    const measured = await compare({
      name: 'it',
      unit: 'ms',
      rounds: 3,
      digits: 1,
      sides: { ours, peer } as never,
    })
    expect(measured).toEqual({
      name: 'it',
      unit: 'ms',
      ours: 20,
      peer: 40,
      ratio: 0.5,
      spread: { lowest: 0.5, highest: 1.5 },
      rounds: 3,
    })
    const against = await compare({
      name: 'it',
      unit: 'ms',
      rounds: 3,
      digits: 1,
      sides: { ours, peer, before } as never,
    })
    expect(against.before).toEqual({ value: 20, ratio: 1, spread: { lowest: 0.5, highest: 2 } })
  })

  it('begins each round with another side', async () => {
    const order: string[] = []
    const note = (name: SideName) => () => {
      order.push(name)
      return Promise.resolve({ value: 1 })
    }
    const sides = { before: note('before'), ours: note('ours'), peer: note('peer') }
    await compare({ name: 'it', unit: 's', rounds: 2, digits: 0, sides })
    expect(order.join(' ')).toBe('before ours peer ours peer before peer before ours')
  })

  it('tells the parts of each side, and the ratio of those that both have', async () => {
    const ours = () => Promise.resolve({ value: 1, parts: { worker: 2, serving: 1, all: 3 } })
    const peer = () => Promise.resolve({ value: 1, parts: { worker: 1, all: 6 } })
    const { notes } = await compare({
      name: 'it',
      unit: 's',
      rounds: 3,
      digits: 0,
      parts: 'CPU ms',
      sides: { ours, peer },
    })
    expect(notes).toEqual([
      'CPU ms: ours: worker 2.00, serving 1.00, all 3.00; peer: worker 1.00, all 6.00; ratios: worker 2.00, all 0.50',
    ])
    expect(said.join('')).toContain('  ours, CPU ms: worker 2.00, serving 1.00, all 3.00\n')
  })
})
