import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import { selfTrigger } from '../../../runtime/function/self-trigger.ts'

const issueOf = (on: { match?: string[]; ignore?: string[] }, bucket = 'b', output = bucket) =>
  selfTrigger(
    defineFunction({ name: 'cut', version: '1', on: { bucket, ...on }, output: { bucket: output } }, (c) =>
      c.json({}),
    ),
  )

describe('a function that writes where it reads', () => {
  it.each([
    { name: 'everything', on: {} },
    { name: 'a folder', on: { match: ['clips/**'] } },
    { name: 'a kind of file, as a pointer may be one', on: { match: ['**/*.jpg'] } },
    { name: 'one of several', on: { match: ['*.mp4', '**'] } },
    { name: 'its own folder', on: { match: ['**/cut/poster.jpg'] } },
    { name: 'its folder by a wildcard', on: { match: ['**/c*/*'] } },
    { name: 'alternatives with slashes', on: { match: ['{a/**,b}.mp4'] } },
    { name: 'a negation', on: { match: ['!*.mp4'] } },
    {
      name: 'ignored in part: the manifest, but no pointer',
      on: { match: ['**'], ignore: ['**/manifest.json'] },
    },
    { name: 'ignored in part: not under a long key', on: { ignore: ['**@/cut/**'] } },
  ])('is refused: $name', ({ on }) => {
    expect(issueOf(on)).toMatch(/"cut" would trigger itself.*ignore: \['\*\*\/cut\/\*\*'\]/)
  })

  it.each([
    { name: 'with its results ignored', on: { match: ['**/*.jpg'], ignore: ['**/cut/**'] } },
    { name: 'that reads too high up', on: { match: ['*.mp4', 'in/*'] } },
    { name: 'that reads another function’s results', on: { match: ['**/probe/manifest.json'] } },
    { name: 'that reads a folder that cannot be one of results', on: { match: ['**/in/cut/*'] } },
  ])('is fine: $name', ({ on }) => {
    expect(issueOf(on)).toBeUndefined()
  })
})

it('is fine with a bucket of its own for results', () => {
  expect(issueOf({}, 'in', 'out')).toBeUndefined()
})

it('a function that reads verdicts may not read its own', () => {
  expect(issueOf({ match: ['reports/**'] }, 'metadata', 'out')).toMatch(
    /ignore: \['\*\*\/cut\.verdict\.json'\]/,
  )
  expect(issueOf({ match: ['**/*.verdict.json'] }, 'metadata', 'out')).toBeDefined()
  expect(issueOf({ match: ['**/probe/probe.json'] }, 'metadata', 'out')).toBeUndefined()
  expect(issueOf({ ignore: ['**/cut.verdict.json'] }, 'metadata', 'out')).toBeUndefined()
})
