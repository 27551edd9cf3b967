import fc from 'fast-check'
import picomatch from 'picomatch'
import { describe, expect, it } from 'vitest'
import { MEDIA_FILES } from '../../../../functions/media/policy.ts'
import { compileGlob, createAutomaton } from '../../../../runtime/function/glob/glob.ts'
import { parseExpression } from '../../../../runtime/function/glob/expression.ts'
import { SEED } from '../../../helpers/seed.ts'

const words = ['a', 'b', 'ab', 'A', '.', '_', '-', '1', 'ſ', 'é', '\n', ' ']
const pieces = [
  words,
  '* ** ? / /**/ **/ /** *.* ! (a|b) ( ) | ] [ } { , + $ ^',
  '{a,b} {a,b/**} {,x} {a*,?b} {1..3} [ab] [!a] [^a] [a-c] [[:alpha:]] \\*',
  '@(a|b) +(a|b) *(a|ab) ?(a) !(a) !(a|b*) *(*)',
].flatMap((each) => (typeof each === 'string' ? each.split(' ') : each))
const globs = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 }).map((all) => all.join(''))
const keys = fc
  .array(fc.constantFrom(...words, '/', 'x', 'c', '*', '[', '(', '!', '..', '/a/b/'), { maxLength: 8 })
  .map((all) => all.join(''))

/** What picomatch says; undefined where the glob is refused. */
function compiled(glob: string): ((key: string) => boolean) | undefined {
  try {
    return compileGlob(glob)
  } catch {
    return undefined
  }
}

describe('a glob', () => {
  it('matches short keys as picomatch does', () => {
    let compared = 0
    fc.assert(
      fc.property(globs, fc.array(keys, { minLength: 1, maxLength: 8 }), (glob, all) => {
        const own = compiled(glob)
        if (!own) return
        const theirs = picomatch(glob, { nocase: true, dot: true, flags: 'is' })
        for (const key of [...all, glob]) {
          expect({ glob, key, matches: own(key) }).toEqual({ glob, key, matches: theirs(key) })
          compared++
        }
      }),
      { numRuns: 1_000, seed: SEED },
    )
    expect(compared).toBeGreaterThan(2_000)
  })

  it.each(['(?<=a)b', 'a\\1', '', '[z-a]', '*(!(a))'])('%j is refused, and the error quotes it', (glob) => {
    expect(() => compileGlob(glob)).toThrow(JSON.stringify(glob))
  })

  it.each([
    ['*_*_*_*.mp4', '_'.repeat(1_020)],
    ['*_'.repeat(40), `${'_'.repeat(1_000)}x`],
    ['**/*a*a*a*a*/**/*b', 'a/'.repeat(500)],
    ['+(a|aa|aaa)+(a|aa)b', 'a'.repeat(1_000)],
    ['!(*a*a*a*a*b)', 'a'.repeat(1_000)],
    ['+(+(a|b)*(a|b))c', 'ab'.repeat(500)],
  ])('%s costs a hostile key of 1,000 characters a bounded number of steps for each', (glob, key) => {
    // An engine that goes back would never come to the end of these; see `createAutomaton` for the bound.
    expect(compileGlob(glob)(key)).toBe(glob.startsWith('!'))
    const { source } = picomatch.makeRe(glob, { nocase: true, dot: true })
    expect(createAutomaton(parseExpression(source)).stateCount).toBeLessThan(12 * glob.length + 60)
  })

  it('of the media functions takes their files, whatever their case', () => {
    const [media = ''] = MEDIA_FILES
    expect(['a.mp4', 'x/y.MKV', 'line\nbreak/z.Opus', 'mp4', 'a.mp4/b.txt'].map(compileGlob(media))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })
})
