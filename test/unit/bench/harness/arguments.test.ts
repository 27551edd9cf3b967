import { describe, expect, it } from 'vitest'
import { parseArguments } from '../../../bench/harness/arguments.ts'

const BENCHMARKS = { fast: { size: 'number', against: true }, wide: { size: 'bytes' }, plain: {} } as const
const parse = (line: string) => parseArguments(line.split(' ').filter(Boolean), BENCHMARKS)

describe('the command line of benchmarks', () => {
  it('names one benchmark, with its size and options in any order', () => {
    const usual = { names: ['plain'], size: undefined, isQuick: false, isWritten: false, against: undefined }
    expect(parse('plain')).toEqual(usual)
    expect(parse('--quick fast --against main~1 200 --write')).toEqual({
      names: ['fast'],
      size: '200',
      isQuick: true,
      isWritten: true,
      against: 'main~1',
    })
    expect(parse('wide 100MiB')).toMatchObject({ names: ['wide'], size: '100MiB' })
  })

  it('takes all for each of them, whose results are written', () => {
    expect(parse('all --against main')).toMatchObject({
      names: ['fast', 'wide', 'plain'],
      isWritten: true,
      against: 'main',
    })
  })

  it.each([
    ['', 'name a benchmark, or all'],
    ['slow', 'there is no benchmark "slow"'],
    ['constructor', 'there is no benchmark "constructor"'],
    ['fast 1 2', '"2" is one word too many'],
    ['fast none', 'the size of fast is a whole number, such as 100, not "none"'],
    ['fast 0', 'the size of fast is a whole number, such as 100, not "0"'],
    ['wide 1XB', 'the size of wide is a size, such as 100MiB, not "1XB"'],
    ['plain 1', 'plain takes no size'],
    ['all 1', 'all takes no size: each benchmark has its own'],
    ['fast --against', '--against needs a commit, such as --against main~1'],
    ['fast --against --quick', '--against needs a commit, such as --against main~1'],
    ['plain --against main', 'plain is not measured against a commit; these are: fast'],
    ['fast --slow', 'there is no option "--slow"'],
  ])('says of %j what is wrong', (line, why) => {
    expect(parse(line)).toBe(why)
  })
})
