import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attemptFolder,
  fileKey,
  pointerKey,
  refusal,
  resultPlace,
  placeOf as placeOfWriter,
  sourceKeyOf,
} from '../../../runtime/output/layout.ts'
import { sha256Hex } from '../../helpers/sha256.ts'

const BUCKETS = { sourceBucket: 'incoming', functionName: 'chunk', outputBucket: 'processed' }
const placeOf = (sourceKey: string, differences: Partial<typeof BUCKETS> = {}) =>
  resultPlace({ ...BUCKETS, ...differences, sourceKey })

describe('resultPlace', () => {
  it('puts results below the source key and the function', () => {
    const place = placeOf('clips/a b.mp4')
    expect(place).toEqual({
      bucket: 'processed',
      folder: 'clips/a b.mp4/chunk/',
      manifestKey: 'clips/a b.mp4/chunk/manifest.json',
      verdictBucket: 'metadata',
      verdictKey: 'clips/a b.mp4/chunk.verdict.json',
    })
    expect(attemptFolder(place, '01J')).toBe('clips/a b.mp4/chunk/~01J/')
    expect(fileKey(place, '01J', 'x/chunk-00001.mp4')).toBe('clips/a b.mp4/chunk/~01J/x/chunk-00001.mp4')
    expect(pointerKey(place, 'master.m3u8')).toBe('clips/a b.mp4/chunk/master.m3u8')
  })

  it.each([
    { name: 'longer than 850 bytes', key: 'é'.repeat(425) + 'x' },
    { name: 'that ends in a slash', key: 'folder/' },
    { name: 'with a part that is ours', key: 'a/~b/c' },
    { name: 'that begins with what is ours', key: '~sluice/x' },
    { name: 'that looks like such a name', key: `@${'0'.repeat(64)}` },
    { name: 'below a manifest', key: 'x.mp4/chunk/manifest.json/y.mp4' },
    { name: "that is another's manifest", key: 'x.mp4/chunk/manifest.json' },
    { name: 'deep below a manifest of another function', key: 'a/b/probe/manifest.json/c/d.mp4' },
    { name: 'below a verdict', key: 'x.mp4/probe.verdict.json/y.mp4' },
    { name: "that is another's verdict", key: 'x.mp4/chunk.verdict.json' },
    { name: "that is another's pointer", key: 'x.mp4/chunk/poster.jpg' },
    { name: 'below a pointer', key: 'x.mp4/chunk/master.m3u8/y.mp4' },
    { name: 'that no object has', key: 'a\0b' },
    { name: 'with a part that is too long', key: 's'.repeat(300) },
    { name: 'below what looks like such a name', key: `@${'0'.repeat(64)}/x` },
  ])('gives a key $name the name of its sha256', ({ key }) => {
    expect(placeOf(key).folder).toBe(`@${sha256Hex(key)}/chunk/`)
    expect(placeOf(key).verdictKey).toBe(`@${sha256Hex(key)}/chunk.verdict.json`)
  })

  it.each([
    `${'x'.repeat(199)}/`.repeat(4) + 'x'.repeat(50),
    'a~b',
    '@home/x',
    `@${'0'.repeat(63)}`,
    `a/@${'0'.repeat(64)}`,
    ' ',
    'a\n',
  ])('keeps the key %j', (key) => expect(placeOf(key).folder).toBe(`${key}/chunk/`))

  it.each([
    'manifest.json',
    'a/manifest.json',
    'films/chunk/a.mp4',
    'chunk/a.mp4',
    'a.verdict.json',
    'x.mp4/probe/y.mp4',
  ])('keeps the key %j, which only resembles a result', (key) =>
    expect(placeOf(key).folder).toBe(`${key}/chunk/`),
  )

  it('has room for the sign that is added in the bucket of the source', () => {
    const [fits, isTooLong] = ['s'.repeat(254), 's'.repeat(255)]
    expect(placeOf(fits, { sourceBucket: 'processed' }).folder).toBe(`${fits}@/chunk/`)
    expect(placeOf(isTooLong, { sourceBucket: 'processed' }).folder).toBe(`@${sha256Hex(isTooLong)}/chunk/`)
    expect(placeOf(isTooLong).folder).toBe(`${isTooLong}/chunk/`)
  })

  it('hides nothing that is chained to below the result that it is chained to', () => {
    const below = placeOf('x.mp4/chunk/manifest.json/y.mp4', { sourceBucket: 'processed' })
    expect(below.folder).toMatch(/^@[0-9a-f]{64}\//)
    expect(
      placeOf('x.mp4/chunk/manifest.json', { sourceBucket: 'processed', outputBucket: 'metadata' }).folder,
    ).toBe('x.mp4/chunk/manifest.json/chunk/')
  })

  it("keeps out of the folder that is the source itself, where MinIO's listings would not show it", () => {
    const place = placeOf('a/chunk/manifest.json', { sourceBucket: 'processed' })
    expect(place.manifestKey).toBe('a/chunk/manifest.json@/chunk/manifest.json')
    expect(place.verdictKey).toBe('a/chunk/manifest.json/chunk.verdict.json')
    expect(placeOf('a/probe.json', { sourceBucket: 'metadata' }).verdictKey).toBe(
      'a/probe.json@/chunk.verdict.json',
    )
  })

  it('never puts two sources of a bucket into one folder, and leaves room for names', () => {
    const key = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 900 })
      .filter((text) => text.isWellFormed())
    fc.assert(
      fc.property(key, key, (one, other) => {
        fc.pre(one !== other)
        expect(placeOf(one).folder).not.toBe(placeOf(other).folder)
        expect(Buffer.byteLength(fileKey(placeOf(one), '0'.repeat(26), 'chunk-00001.mp4'))).toBeLessThan(
          1_024,
        )
      }),
    )
  })
})

describe('sourceKeyOf', () => {
  const chunk = { name: 'chunk', bucket: 'incoming', outputBucket: 'processed' }
  const long = 'x'.repeat(851)

  it.each([
    { writer: chunk, key: 'a/b.mp4' },
    { writer: chunk, key: 'chunk/a.mp4' },
    { writer: { ...chunk, bucket: 'processed' }, key: 'a.mp4@' },
  ])('reads the source from its manifest: $key', ({ writer, key }) => {
    const { bucket, manifestKey } = placeOfWriter(writer, { bucket: writer.bucket, key })
    expect(sourceKeyOf(writer, { bucket, key: manifestKey })).toBe(key)
  })

  it.each([
    { name: 'another bucket', bucket: 'metadata', key: 'a.mp4/chunk/manifest.json' },
    { name: 'another function', bucket: 'processed', key: 'a.mp4/probe/manifest.json' },
    { name: 'a file of an attempt', bucket: 'processed', key: 'a.mp4/chunk/~01JAAAAAAAAAAAAAAAAAAAAAAA/x' },
    { name: 'the bucket itself', bucket: 'processed', key: 'chunk/manifest.json' },
    {
      name: 'a sha256',
      bucket: 'processed',
      key: placeOfWriter(chunk, { bucket: 'incoming', key: long }).manifestKey,
    },
  ])('knows of no source by $name', ({ bucket, key }) => {
    expect(sourceKeyOf(chunk, { bucket, key })).toBeUndefined()
  })
})

describe('refusal', () => {
  it.each(['~a', 'a/~b', 'a/~', `@${'a'.repeat(64)}`, `@${'a'.repeat(64)}/b`])(
    'refuses %j and says why',
    (key) => {
      expect(refusal(key)).toMatch(/upload it under another name$/)
    },
  )

  it.each(['a', 'a~', 'a/b~/c', `@${'A'.repeat(64)}`, `@${'a'.repeat(65)}`, `b/@${'a'.repeat(64)}`])(
    'takes %j',
    (key) => expect(refusal(key)).toBeUndefined(),
  )
})

describe('names that a function gives', () => {
  it.each([
    { name: '', reason: /is empty/ },
    { name: '/a', reason: /slash at the start/ },
    { name: 'a/', reason: /slash at the start, at the end/ },
    { name: 'a//b', reason: /beside another one/ },
    { name: '../a', reason: /"\.\."/ },
    { name: 'a/./b', reason: /"\."/ },
    { name: 'a/~b', reason: /"~"/ },
    { name: '~a', reason: /"~"/ },
    { name: 'x'.repeat(256), reason: /longer than 255 bytes/ },
    { name: 'x/'.repeat(510) + 'x', reason: /a key of \d+ bytes/ },
    { name: '\ud800', reason: /Unicode/ },
  ])('may not be $name', ({ name, reason }) => {
    expect(() => fileKey(placeOf('a'), '01J', name)).toThrow(reason)
  })

  it.each(['manifest.json', 'a/b', '~a', '', '..'])('may not be a pointer: %j', (name) => {
    expect(() => pointerKey(placeOf('a'), name)).toThrow(/^pointer /)
  })

  it('may be anything else', () => {
    for (const name of ['a', 'a b', 'é/…', 'manifest.json', '-x', 'a~', '...']) {
      expect(fileKey(placeOf('s'), '1', name)).toBe(`s/chunk/~1/${name}`)
    }
  })
})
