import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readZip } from '../../../../../infra/local/programs/zip.ts'
import { zipOf } from '../../../../helpers/zip.ts'

const read = (zip: Buffer) => readZip(zip).map(({ name, read }) => [name, read().toString()])

describe('a zip file', () => {
  it('returns its files, compressed or not, and no folders', () => {
    const zip = zipOf([
      { name: 'a/', bytes: '' },
      { name: 'a/stored.txt', bytes: 'as it is' },
      { name: 'a/packed.txt', bytes: 'again '.repeat(100), isPacked: true },
    ])
    expect(read(zip)).toEqual([
      ['a/stored.txt', 'as it is'],
      ['a/packed.txt', 'again '.repeat(100)],
    ])
  })

  it('may have a comment at its end', () => {
    const zip = zipOf([{ name: 'x', bytes: '1' }])
    zip.writeUInt16LE(5, zip.length - 2)
    expect(read(Buffer.concat([zip, Buffer.from('hello')]))).toEqual([['x', '1']])
  })

  it.each([
    { name: 'its beginning alone', zip: zipOf([{ name: 'x', bytes: '1' }]).subarray(0, 30) },
    { name: 'something else', zip: Buffer.from('<html>no such module</html>'.repeat(3)) },
    { name: 'nothing', zip: Buffer.alloc(0) },
  ])('is not read from $name', ({ zip }) => {
    expect(() => readZip(zip)).toThrow('not a zip file, or an incomplete one')
  })

  it('with changed bytes is an error, not other content', () => {
    const zip = zipOf([{ name: 'x', bytes: 'again '.repeat(100), isPacked: true }])
    const at = zip.indexOf(deflateRawSync('again '.repeat(100)))
    zip.fill(0xff, at, at + 4)
    expect(() => read(zip)).toThrow(/invalid|incorrect|unexpected/i)
  })
})
