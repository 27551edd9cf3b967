import { describe, expect, it } from 'vitest'
import { impossibleKey, isBucketName } from '../../../runtime/storage/names.ts'

describe('a key', () => {
  it.each([
    'a',
    'a/b',
    'folder/',
    'x'.repeat(255),
    `${'a/'.repeat(511)}bb`,
    '\n\x01 \\',
    'é🎬',
    '..a/b..',
    '~x',
  ])('%j can be', (key) => expect(impossibleKey(key)).toBeUndefined())

  it.each(['', '/', '/a', 'a//b', 'a//', '.', 'a/../b', 'a/.', '\0', 'a\0b', 'é'.repeat(128), '\udc00'])(
    '%j cannot be, and the reason is a sentence',
    (key) => expect(impossibleKey(key)).toMatch(/^(it|a part of it) /),
  )

  it('has at most 1,024 bytes', () => {
    const of = (bytes: number) => `${'x/'.repeat(bytes / 2 - 1)}xx`
    expect([impossibleKey(of(1_024)), impossibleKey(of(1_026))]).toEqual([
      undefined,
      'it has 1026 bytes, and a key has at most 1024',
    ])
  })
})

it.each([
  ['incoming', true],
  ['a.b-c', true],
  ['127.0.0.1', false],
  ['a..b', false],
  ['a.-b', false],
  ['Upper', false],
  ['ab', false],
  ['-ab', false],
  ['b'.repeat(64), false],
])('%s is the name of a bucket: %s', (name, isOne) => {
  expect(isBucketName(name)).toBe(isOne)
})
