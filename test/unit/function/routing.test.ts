import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import { createRouter } from '../../../runtime/function/routing.ts'

const on = {
  bucket: 'incoming',
  match: ['**/*.{mp4,mov}'],
  ignore: ['tmp/**'],
  size: { min: '1B', max: '1KiB' },
}
const video = defineFunction({ name: 'video', version: '1', on }, (c) => c.json({}))
const all = defineFunction({ name: 'all', version: '1', on: { bucket: 'incoming' } }, (c) => c.json({}))
const chained = defineFunction(
  {
    name: 'chained',
    version: '1',
    on: { bucket: 'processed', match: ['**/manifest.json'] },
    output: { bucket: 'metadata' },
  },
  (c) => c.json({}),
)

const route = createRouter([video, all, chained])
const answersTo = (key: string, rest: { bucket?: string; sizeBytes?: number } = {}) =>
  route({ bucket: 'incoming', sizeBytes: 5, make: [], key, ...rest }).map(
    ({ mismatch }) => mismatch ?? 'match',
  )

describe('routing', () => {
  it.each([
    { key: 'a.mp4', answers: ['match', 'match', 'bucket'] },
    { key: 'A.MOV', answers: ['match', 'match', 'bucket'] },
    { key: 'deep/er/.hidden/a.Mp4', answers: ['match', 'match', 'bucket'] },
    { key: '-leading dash.mp4', answers: ['match', 'match', 'bucket'] },
    { key: 'line\nbreak/ünï 🎬 [x] {y} (z)!.mp4', answers: ['match', 'match', 'bucket'] },
    { key: 'line\nbreak.mp4', answers: ['match', 'match', 'bucket'] },
    { key: 'a\\b.mp4', answers: ['match', 'match', 'bucket'] },
    { key: 'a.txt', answers: ['pattern', 'match', 'bucket'] },
    { key: 'tmp/a.mp4', answers: ['ignored', 'match', 'bucket'] },
    { key: 'tmp/deep\n/a.mp4', answers: ['ignored', 'match', 'bucket'] },
  ])('$key', ({ key, answers }) => {
    expect(answersTo(key)).toEqual(answers)
  })

  it('filters by size, both ends included', () => {
    expect([0, 1, 1_024, 1_025].map((sizeBytes) => answersTo('a.mp4', { sizeBytes })[0])).toEqual([
      'too-small',
      'match',
      'match',
      'too-large',
    ])
  })

  it('filters by the event that created the object; a listing, which has no event, matches', () => {
    const copies = { bucket: 'incoming', events: ['Copy'] } as const
    const onlyCopies = createRouter([
      defineFunction({ name: 'copies', version: '1', on: copies }, (c) => c.json({})),
    ])
    const object = { bucket: 'incoming', key: 'a.mp4', sizeBytes: 1, make: [] }
    const answers = [{ eventName: 'Put' }, { eventName: 'Copy' }, {}] as const
    expect(answers.map((event) => onlyCopies({ ...object, ...event })[0]?.mismatch)).toEqual([
      'event-name',
      undefined,
      undefined,
    ])
  })

  it('leaves a function that runs only when asked to objects that ask for it, after all other rules', () => {
    const asked = createRouter([
      video,
      defineFunction({ name: 'hls', version: '1', on, trigger: 'asked' }, (c) => c.json({})),
    ])
    const answers = (key: string, make: readonly string[] | undefined) =>
      asked({ bucket: 'incoming', key, sizeBytes: 5, make }).map(({ mismatch }) => mismatch ?? 'match')
    expect(answers('a.mp4', [])).toEqual(['match', 'not-asked'])
    expect(answers('a.mp4', ['video', 'HLS'])).toEqual(['match', 'not-asked'])
    expect(answers('a.mp4', ['poster', 'hls'])).toEqual(['match', 'match'])
    expect(answers('a.mp4', undefined)).toEqual(['match', 'match'])
    expect(answers('a.txt', ['hls'])).toEqual(['pattern', 'pattern'])
    expect(answers('tmp/a.mp4', [])).toEqual(['ignored', 'ignored'])
  })

  it('skips folder markers', () => {
    expect(answersTo('folder/', { sizeBytes: 0 })).toEqual(['folder-marker', 'folder-marker', 'bucket'])
  })

  it('never matches the runtime’s own files in its buckets, and lets an upload with such a name be refused with a verdict', () => {
    const own = { bucket: 'processed' }
    expect(answersTo('a.mp4/chunk/manifest.json', own)[2]).toBe('match')
    expect(answersTo('a.mp4/chunk/~01J/manifest.json', own)[2]).toBe('reserved')
    expect(answersTo('~mine/a.mp4')[0]).toBe('match')
  })
})
