import fc from 'fast-check'
import { expect, it } from 'vitest'
import { makeOf, strangeWords, wordsOf } from '../../../runtime/function/make.ts'

const functions = ['chunk', 'hls', 'poster', 'thumbnails'].map((name) => ({ name }))

it.each([
  { text: '', words: [] },
  { text: ' , ,, ', words: [] },
  { text: 'hls,poster', words: ['hls', 'poster'] },
  { text: ' HLS , Poster hls', words: ['hls', 'poster'] },
  { text: 'hls;poster', words: ['hls;poster'] },
  { text: '__proto__,constructor', words: ['__proto__', 'constructor'] },
])('reads the words of "$text"', ({ text, words }) => {
  expect(wordsOf(text)).toEqual(words)
})

it('is found under each name that can mean it, as events, listings and HEAD write it', () => {
  for (const name of [
    'make',
    'Make',
    'X-Amz-Meta-Make',
    'x-amz-meta-make',
    'sluice-make',
    'X-Amz-Meta-Sluice-Make',
  ])
    expect(makeOf({ [name]: 'hls' })).toEqual(['hls'])
  expect(makeOf({ 'X-Amz-Meta-Make': 'hls', 'X-Amz-Meta-Sluice-Make': 'poster,hls' })).toEqual([
    'hls',
    'poster',
  ])
  for (const other of [{}, { maker: 'hls' }, { 'x-make': 'hls' }, { make: 5 }, { make: null }])
    expect(makeOf(other)).toEqual([])
})

it('has each word once, in lower case, whatever the text', () => {
  const texts = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('hls', 'HLS', ',', ' ')))
  fc.assert(
    fc.property(texts, (parts) => {
      const words = makeOf({ make: parts.join(',') })
      expect(new Set(words).size).toBe(words.length)
      for (const word of words) expect(word).toMatch(/^[^\s,]+$/)
      expect(wordsOf(words.join(','))).toEqual(words)
    }),
  )
})

it('warns of words that are not functions, and of one that is nearly one says which', () => {
  expect(strangeWords(['hls', 'poster'], functions)).toBeUndefined()
  expect(strangeWords(['hsl2', 'hls'], functions)).toBe(
    'metadata "make" names "hsl2", which is not a function; functions are chunk, hls, poster, thumbnails',
  )
  expect(strangeWords(['postr'], functions)).toBe(
    'metadata "make" names "postr", which is not a function; did you mean "poster"?',
  )
})

it('quotes a few of many strange words, and little of a long one', () => {
  const many = Array.from({ length: 100 }, (_, index) => `w${index}`)
  expect(strangeWords(many, functions)).toMatch(/names "w0", .*"w4" and 95 more, which are not functions/)
  expect(strangeWords(['x'.repeat(2_000)], functions)?.length).toBeLessThan(300)
})
